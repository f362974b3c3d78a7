import { Context } from '@temporalio/activity';

/** How often an activity says that it lives, in milliseconds; more often where its limit asks for that. The SDK thins them out by itself. */
const BEAT_MS = 5_000;

/** What each running activity says of itself beside that it lives. */
const said = new WeakMap<Context, () => object>();

/** The running activity's context; null outside a worker, where the same code is called directly. */
export function activityContext(): Context | null {
  try {
    return Context.current();
  } catch {
    return null;
  }
}

/** Runs an activity under heartbeats from a timer over all of it: a worker that died is noticed by their absence, whatever it was at. */
export async function alive<T>(work: () => Promise<T>): Promise<T> {
  const context = activityContext();
  const limit = context?.info.heartbeatTimeoutMs ?? 0;
  if (context === null || limit === 0) return work();
  const timer = setInterval(() => context.heartbeat(said.get(context)?.()), Math.min(BEAT_MS, limit / 4));
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Runs long work whose heartbeats tell how far it is. `signal` fires when the activity is cancelled; `progress` names what it is at, for the heartbeat's details. */
export async function beating<T>(name: string, work: (signal: AbortSignal, progress: (line: string) => void) => Promise<T>): Promise<T> {
  const context = activityContext();
  let lines = 0;
  let last = '';
  const progress = (line: string): void => {
    lines += 1;
    last = line.slice(0, 200);
  };
  if (context === null) return work(new AbortController().signal, progress);
  said.set(context, () => ({ name, lines, last }));
  context.heartbeat({ name, lines, last });
  try {
    return await work(context.cancellationSignal, progress);
  } finally {
    said.delete(context);
  }
}

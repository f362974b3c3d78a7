import { Context } from '@temporalio/activity';

/** How often a long activity says that it lives; the time-out is 30 seconds and the SDK thins them out by itself. */
const BEAT_MS = 5_000;

/** The running activity's context; null outside a worker, where the same code is called directly. */
export function activityContext(): Context | null {
  try {
    return Context.current();
  } catch {
    return null;
  }
}

/** Runs long work under heartbeats from a timer over all of it. `signal` fires when the activity is cancelled; `progress` names what it is at, for the heartbeat's details. */
export async function beating<T>(name: string, work: (signal: AbortSignal, progress: (line: string) => void) => Promise<T>): Promise<T> {
  const context = activityContext();
  let lines = 0;
  let last = '';
  const progress = (line: string): void => {
    lines += 1;
    last = line.slice(0, 200);
  };
  const beat = (): void => context?.heartbeat({ name, lines, last });
  beat();
  const timer = context === null ? null : setInterval(beat, BEAT_MS);
  try {
    return await work(context?.cancellationSignal ?? new AbortController().signal, progress);
  } finally {
    if (timer !== null) {
      clearInterval(timer);
    }
  }
}

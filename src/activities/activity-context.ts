import { Context } from '@temporalio/activity';
import { visibleText } from '../lib/escape.ts';

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

/** Bytes of output that are looked at for a tail, and characters of the tail itself: heartbeats are kept by the server. */
const TAIL_WINDOW = 16_384;
const TAIL = 2_000;
/** Pause between two heartbeats for new output, in milliseconds. */
const SPEAK_MS = 1_000;

/** What long work says while it runs. */
export interface WorkVoice {
  readonly signal: AbortSignal;
  /** Names what it is at. */
  readonly onProgress: (line: string) => void;
  /** What its commands print, as it comes. */
  readonly onOutput: (bytes: Uint8Array) => void;
}

/**
 * Runs long work whose heartbeats tell how far it is, with the end of what its commands printed, redacted: the Web UI shows it, and
 * `suture logs` follows it. `signal` fires when the activity is cancelled.
 */
export async function beating<T>(name: string, redact: (text: string) => string, work: (voice: WorkVoice) => Promise<T>): Promise<T> {
  const context = activityContext();
  let lines = 0;
  let last = '';
  let bytes = 0;
  let spoke = 0;
  let kept = Buffer.alloc(0);
  const onProgress = (line: string): void => {
    lines += 1;
    last = line.slice(0, 200);
  };
  const onOutput = (part: Uint8Array): void => {
    bytes += part.length;
    kept = Buffer.concat([kept, part.subarray(Math.max(0, part.length - TAIL_WINDOW))]).subarray(-TAIL_WINDOW);
    // Whoever follows it sees the first words soon; the SDK thins the rest out.
    if (context !== null && Date.now() - spoke >= SPEAK_MS) {
      spoke = Date.now();
      context.heartbeat(details());
    }
  };
  const details = (): object => ({ name, lines, last, bytes, tail: redact(visibleText(kept.toString())).slice(-TAIL) });
  if (context === null) return work({ signal: new AbortController().signal, onProgress, onOutput });
  said.set(context, details);
  context.heartbeat(details());
  try {
    return await work({ signal: context.cancellationSignal, onProgress, onOutput });
  } finally {
    said.delete(context);
  }
}

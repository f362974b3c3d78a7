import { setTimeout as pause } from 'node:timers/promises';
import { FAILURES, Failure } from '../domain/failure.ts';

/** Goes on with work whose sender cannot wait for it. */
export interface Patience {
  /** Does the work, again while a repeat can help; resolves when it is done or after `ms`, whatever comes first. `failed` hears of work that was given up. Never rejects. */
  within(ms: number, work: () => Promise<void>, failed: (error: unknown) => Promise<void>): Promise<void>;
  /** Gives up what is still under way, and waits until everybody has heard of it. */
  stop(): Promise<void>;
}

/** Limits of work in the background. */
export interface PatienceLimits {
  /** Work is given up after so many milliseconds. */
  readonly giveUpMs: number;
  /** Between two tries. */
  readonly pauseMs: number;
  /** More at a time are given up at once: each keeps its delivery in memory. */
  readonly most: number;
}

const LIMITS: PatienceLimits = { giveUpMs: 60_000, pauseMs: 1_000, most: 200 };

const late = (): Failure => new Failure('temporal-unavailable', 'it could not be stored in time');

/** Work in the background of one process. */
export function createPatience(limits: PatienceLimits = LIMITS): Patience {
  const under = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function persist(work: () => Promise<void>): Promise<void> {
    const over = AbortSignal.any([stopping.signal, AbortSignal.timeout(limits.giveUpMs)]);
    const given = new Promise<never>((_, reject) => over.addEventListener('abort', () => reject(late()), { once: true }));
    given.catch(() => undefined);
    for (;;) {
      try {
        return await Promise.race([work(), given]);
      } catch (error) {
        if (over.aborted || !(error instanceof Failure) || !FAILURES[error.code].retry) throw error;
      }
      await pause(limits.pauseMs, undefined, { signal: over }).catch(() => {
        throw late();
      });
    }
  }

  return {
    async within(ms, work, failed) {
      if (under.size >= limits.most || stopping.signal.aborted) return failed(late()).catch(() => undefined);
      const run = persist(work)
        .catch((error: unknown) => failed(error))
        .catch(() => undefined)
        .finally(() => under.delete(run));
      under.add(run);
      const answered = new AbortController();
      await Promise.race([run, pause(ms, undefined, { signal: answered.signal }).catch(() => undefined)]);
      answered.abort();
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(under);
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';

/** Longest line of writes that one call waits in; beyond it the task queue is the better place to wait. */
const MAX_WAIT_MS = 10_000;

/** Keeps writes of one installation apart, as GitHub asks, and holds calls back that a limit would refuse anyway. */
export interface WriteGate {
  /** Throws `rate-limited` while the owner's limit is known to be used up. */
  check(owner: string): void;
  /** Runs a call; writes of one owner one after another and apart. */
  pass<T>(owner: string, write: boolean, call: () => Promise<T>): Promise<T>;
  /** A limit was reached. */
  close(owner: string, forMs: number): void;
  /** Takes note of what an answer says of the hour's limit. */
  learn(owner: string, headers: Readonly<Record<string, string | number | undefined>>): void;
  /** How many calls a second are left until the limits are filled up again, of the owner with the fewest; null while there are plenty. */
  pace(): number | null;
}

/** What GitHub said last of one owner's limit. */
interface Hour {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAt: number;
}

/** Above this share of the limit nobody needs to slow down. */
const PLENTY = 0.25;

/** See "Best practices for using the REST API": no concurrent writes, at least one second between them. */
export function createWriteGate(options: { readonly spacingMs: number; readonly now: () => number }): WriteGate {
  const { spacingMs, now } = options;
  const closedUntil = new Map<string, number>();
  const next = new Map<string, number>();
  const hours = new Map<string, Hour>();
  return {
    check(owner) {
      const wait = (closedUntil.get(owner) ?? 0) - now();
      if (wait > 0) throw new Failure('rate-limited', `GitHub's limit for ${owner} is used up`, { retryAfterMs: wait });
    },
    async pass(owner, write, call) {
      if (!write || spacingMs === 0) return call();
      const turn = Math.max(now(), next.get(owner) ?? 0);
      const wait = turn - now();
      if (wait > MAX_WAIT_MS) throw new Failure('rate-limited', `too many writes for ${owner} wait`, { retryAfterMs: wait });
      next.set(owner, turn + spacingMs);
      if (wait > 0) await delay(wait);
      return call();
    },
    close(owner, forMs) {
      closedUntil.set(owner, now() + forMs);
    },
    learn(owner, headers) {
      if ((headers['x-ratelimit-resource'] ?? 'core') !== 'core') return;
      const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => Number(headers[`x-ratelimit-${name}`]));
      if (limit === undefined || remaining === undefined || reset === undefined || !(limit > 0) || !(remaining >= 0) || !(reset > 0))
        return;
      hours.set(owner, { limit, remaining, resetAt: reset * 1000 });
    },
    pace() {
      const at = now();
      const low = [...hours.values()].filter((hour) => hour.resetAt > at && hour.remaining < hour.limit * PLENTY);
      return low.length === 0 ? null : Math.min(...low.map((hour) => hour.remaining / ((hour.resetAt - at) / 1000)));
    },
  };
}

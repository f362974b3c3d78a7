import { setTimeout as delay } from 'node:timers/promises';

/** A process that may die. */
export interface Mortal {
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** When a process that died is started again. */
export interface RestartPolicy {
  /** Pause before the start that follows the n-th death of this minute, n from 1; in milliseconds. */
  readonly pauseMs: (recent: number) => number;
}

/** Soon after a first death, ever later when it dies again and again, and once a minute for as long as it does. */
export const RESTARTS: RestartPolicy = { pauseMs: (recent) => Math.min(60_000, 200 * 2 ** recent) };

/** A process that is kept running. */
export interface Kept<T extends Mortal> {
  /** The one that runs, or the last that did. */
  current(): T;
  /** Ends it for good; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Keep a process running: when it dies, or cannot be started again, it is tried again. Throws what the first start throws. */
export async function keepRunning<T extends Mortal>(options: {
  readonly name: string;
  /** `previous` is the one that died: the next has to be found where it was. */
  readonly begin: (previous: T | null) => Promise<T>;
  readonly restarts?: RestartPolicy;
  readonly onEvent?: (text: string) => void;
}): Promise<Kept<T>> {
  const { name, begin, restarts = RESTARTS, onEvent = () => undefined } = options;
  const stopping = new AbortController();
  let current = await begin(null);
  const deaths: number[] = [];

  /** Waits as the policy says; false when it is not to be started again. */
  const pause = async (what: string): Promise<boolean> => {
    if (stopping.signal.aborted) return false;
    const now = Date.now();
    deaths.push(now);
    const recent = deaths.filter((at) => at > now - 60_000);
    deaths.splice(0, deaths.length, ...recent);
    const ms = restarts.pauseMs(recent.length);
    onEvent(`${name} ${what}; starting it again${ms >= 5_000 ? ` in ${Math.round(ms / 1000)} s` : ''}`);
    return delay(ms, true, { signal: stopping.signal }).catch(() => false);
  };

  const watch = async (): Promise<void> => {
    for (;;) {
      const code = await current.ended;
      let goOn = await pause(`ended (${typeof code === 'number' ? code : 'killed'})`);
      while (goOn) {
        try {
          current = await begin(current);
          // Told to stop while it was being started: nobody else knows of this one.
          if (stopping.signal.aborted) await current.stop();
          break;
        } catch (error) {
          goOn = await pause(`did not start: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      if (!goOn) return;
    }
  };
  const watching = watch();
  return {
    current: () => current,
    async stop() {
      stopping.abort();
      await current.stop();
      await watching;
    },
  };
}

import { describe, expect, it } from 'vitest';
import { keepRunning, type Mortal, RESTARTS } from '../../src/cli/keep-running.ts';

/** A process that is not there: it ends when it is told to. */
class Pretended implements Mortal {
  readonly number: number;
  readonly #end = Promise.withResolvers<number | null>();
  readonly ended = this.#end.promise;

  constructor(number: number) {
    this.number = number;
  }

  die(code: number | null): void {
    this.#end.resolve(code);
  }

  async stop(): Promise<void> {
    this.die(0);
  }
}

/** Keeps pretended processes running; a start fails while `fails` says so. */
async function keep(
  options: {
    readonly pauseMs?: number;
    readonly fails?: (start: number) => boolean;
    readonly holdsBack?: (start: number) => Promise<void> | undefined;
  } = {},
) {
  const said: string[] = [];
  const pauses: number[] = [];
  const previous: Array<number | null> = [];
  let starts = 0;
  let told = Promise.withResolvers<void>();
  const tell = (): void => {
    told.resolve();
    told = Promise.withResolvers();
  };
  const kept = await keepRunning<Pretended>({
    name: 'worker',
    begin: async (before) => {
      starts += 1;
      previous.push(before?.number ?? null);
      queueMicrotask(tell);
      const number = starts;
      if (options.fails?.(number) === true) throw new Error('no server');
      await options.holdsBack?.(number);
      return new Pretended(number);
    },
    restarts: {
      pauseMs: (recent) => {
        pauses.push(recent);
        return options.pauseMs ?? 0;
      },
    },
    onEvent: (text) => {
      said.push(text);
      tell();
    },
  });
  const until = async (there: () => boolean): Promise<void> => {
    while (!there()) await told.promise;
    // What began has returned.
    await new Promise(setImmediate);
  };
  return { kept, said, pauses, previous, until, starts: () => starts };
}

describe('a process that is kept running', () => {
  it('is started again when it dies, from the one that died', async () => {
    const { kept, said, previous, until, starts } = await keep();
    kept.current().die(null);
    await until(() => starts() === 2);
    kept.current().die(3);
    await until(() => starts() === 3);
    expect(previous).toEqual([null, 1, 2]);
    expect(kept.current().number).toBe(3);
    expect(said).toEqual(['worker ended (killed); starting it again', 'worker ended (3); starting it again']);
    await kept.stop();
  });

  it('is tried again when it cannot be started, and from the last that ran', async () => {
    const { kept, said, previous, until, starts } = await keep({ fails: (start) => start === 2 || start === 3 });
    kept.current().die(null);
    await until(() => starts() === 4);
    expect(kept.current().number).toBe(4);
    expect(previous).toEqual([null, 1, 1, 1]);
    expect(said.filter((text) => text.includes('did not start: no server'))).toHaveLength(2);
    await kept.stop();
  });

  it('counts deaths and failed starts alike, so that the pause grows', async () => {
    const { kept, pauses, until, starts } = await keep({ fails: (start) => start === 2 });
    kept.current().die(null);
    await until(() => starts() === 3);
    kept.current().die(null);
    await until(() => starts() === 4);
    expect(pauses).toEqual([1, 2, 3]);
    await kept.stop();
  });

  it('is not started again once it was stopped', async () => {
    const { kept, said, starts } = await keep();
    await kept.stop();
    await new Promise(setImmediate);
    expect(starts()).toBe(1);
    expect(said).toEqual([]);
  });

  it('can be stopped in the pause before it is started again', async () => {
    const { kept, said, until, starts } = await keep({ pauseMs: 3_600_000 });
    kept.current().die(null);
    await until(() => said.length === 1);
    await kept.stop();
    expect(starts()).toBe(1);
    expect(said).toEqual(['worker ended (killed); starting it again in 3600 s']);
  });

  it('can be stopped while it is being started again', async () => {
    const slow = Promise.withResolvers<void>();
    const { kept, until, starts } = await keep({ holdsBack: (start) => (start === 2 ? slow.promise : undefined) });
    kept.current().die(0);
    await until(() => starts() === 2);
    const stopped = kept.stop();
    slow.resolve();
    await stopped;
    expect(kept.current().number).toBe(2);
    await kept.current().ended;
    expect(starts()).toBe(2);
  });

  it('hands on why the first start failed', async () => {
    await expect(keep({ fails: () => true })).rejects.toThrow('no server');
  });

  it('waits ever longer, and never longer than a minute', () => {
    const pauses = Array.from({ length: 20 }, (_, index) => RESTARTS.pauseMs(index + 1));
    expect(pauses[0]).toBeLessThan(1_000);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(Math.max(...pauses)).toBe(60_000);
  });
});

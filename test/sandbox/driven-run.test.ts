import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Box, Execution } from '../../src/sandbox/box.ts';
import { FILL } from '../../src/sandbox/box-programs.ts';
import { DrivenRun } from '../../src/sandbox/driven-run.ts';
import { networkPlan } from '../../src/sandbox/network.ts';
import { jobOf } from './support.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** A box whose engine is too busy to let anybody look into it; its steps run until they are killed. */
function busyBox(): Box {
  let end: () => void = () => undefined;
  const killed = new Promise<null>((resolve) => {
    end = () => resolve(null);
  });
  return {
    isolation: 'none',
    execute({ text }): Promise<Execution> {
      const input = new PassThrough();
      input.resume();
      return Promise.resolve({
        input,
        drained: Promise.resolve(),
        exited: () => (text === FILL ? Promise.resolve(0) : killed),
        close: () => undefined,
      });
    },
    look: never,
    crowded: () => Promise.resolve(false),
    makeRoom: () => Promise.resolve(),
    isRunning: () => Promise.resolve(false),
    kill() {
      end();
      return Promise.resolve();
    },
  };
}

describe('a job that is driven from outside', () => {
  it('ends when its time is over, also where nobody can look what its limits did', async () => {
    const { limits, ...job } = jobOf(['sleep 600']);
    const timed = { ...job, limits: { ...limits, wallClockMs: 100 } };
    const run = new DrivenRun({ job: timed, options: {}, box: busyBox(), network: networkPlan(timed), path: '/bin' });
    const { steps } = await run.run(await job.openBase());
    expect(steps).toMatchObject([{ exitCode: null, timedOut: true, killedBy: 'timeout' }]);
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { beating } from '../../src/activities/activity-context.ts';
import { createHealings } from '../../src/temporal/index.ts';
import { happy, run } from './script.ts';
import { type HealingWorld, openHealings, result } from './world.ts';

describe('a command that runs', () => {
  let world: HealingWorld;
  beforeAll(async () => {
    world = await openHealings();
  });
  afterAll(() => world.close());

  it('can be followed from anywhere: the end of what it printed, without secrets, with how much there was', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    const handle = await world.start('followed', {
      runCommand: async (given) => {
        calls += 1;
        if (calls > 1) return happy.runCommand(given);
        return beating(
          'run-followed',
          (text) => text.replaceAll('sesame', '[redacted]'),
          async ({ onProgress, onOutput }) => {
            onProgress('step command started');
            onOutput(Buffer.from(`${'x'.repeat(5000)}\nopen sesame\n`));
            await held;
            return run({ name: given.command, exitCode: 1 });
          },
        );
      },
    });
    const { client, taskQueue, namespace } = world.temporal;
    const healings = createHealings(client, { taskQueue, namespace });
    await vi.waitFor(async () => {
      const work = (await healings.running(handle.workflowId))?.find(({ job }) => job === 'run-followed');
      expect(work).toMatchObject({ activity: 'runCommand', attempt: 1, last: 'step command started', bytes: 5013 });
      expect(work?.tail.length).toBe(2000);
      expect(work?.tail.endsWith('x\nopen [redacted]\n')).toBe(true);
    }, 20_000);
    release();
    await result(handle);
    expect(await healings.running(handle.workflowId)).toEqual([]);
    expect(await healings.running('heal/acme/never-followed/branch/main')).toBeNull();
  });

  it('is listed with the healings of its repository, and with those of no other', async () => {
    const handles = await Promise.all(['listed-one', 'listed-two'].map((name) => world.start(name)));
    const { client, taskQueue, namespace } = world.temporal;
    const healings = createHealings(client, { taskQueue, namespace });
    for (const { workflowId } of handles) {
      const [, owner = '', name = ''] = workflowId.split('/');
      await vi.waitFor(async () => {
        const listed = await healings.list({ running: false, limit: 10, repo: { owner, name } });
        expect(listed.map(({ healingId }) => healingId)).toEqual([workflowId]);
      }, 20_000);
    }
    await Promise.all(handles.map(result));
  });
});

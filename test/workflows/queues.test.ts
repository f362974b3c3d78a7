import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgeQueue, sandboxQueue } from '../../src/domain/task-queues.ts';
import { createHealings } from '../../src/temporal/index.ts';
import { type HealingWorld, openHealings, result } from './world.ts';

describe('the queue of the forge', () => {
  let world: HealingWorld;
  beforeAll(async () => {
    world = await openHealings();
  });
  afterAll(() => world.close());

  it('holds the calls of the forge apart, with the owner as the key of fairness', async () => {
    const handle = await world.start('queues');
    await result(handle);
    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    const queues = new Map(scheduled.map((one) => [one.activityType?.name ?? '', one.taskQueue?.name]));
    const own = world.temporal.taskQueue;
    expect(queues.get('publish')).toBe(forgeQueue(own));
    expect(queues.get('merge')).toBe(forgeQueue(own));
    expect(queues.get('runCommand')).toBe(sandboxQueue(own));
    expect(queues.get('buildChangeSet')).toBe(sandboxQueue(own));
    expect(queues.get('judgeProof')).toBe(own);
    expect(new Set(scheduled.map((one) => one.priority?.fairnessKey))).toEqual(new Set(['acme']));
  });

  it('takes a rate that the server remembers, and gives it back', async () => {
    const { client, taskQueue, namespace } = world.temporal;
    const healings = createHealings(client, { taskQueue, namespace });
    const rate = async () => {
      const described = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: forgeQueue(taskQueue) },
        taskQueueType: 2,
        reportConfig: true,
      });
      return described.config?.queueRateLimit?.rateLimit?.requestsPerSecond;
    };
    await healings.limitForge(2.5, 'little is left');
    expect(await rate()).toBe(2.5);
    await healings.limitForge(null, 'plenty');
    expect(await rate()).toBeUndefined();
  });
});

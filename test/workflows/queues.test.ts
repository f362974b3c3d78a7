import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities, Reasoned } from '../../src/activities/contract.ts';
import { forgeQueue, modelQueue, sandboxQueue } from '../../src/domain/task-queues.ts';
import { createHealings } from '../../src/temporal/index.ts';
import { artifact, happy, inTurn } from './script.ts';
import { type HealingWorld, openHealings, result } from './world.ts';

const question: Reasoned = {
  kind: 'ask',
  diagnosis: { class: 'code', cause: 'not known', confidence: 0.3, evidence: [] },
  strategy: 'model-patch',
  question: artifact('8'),
  purpose: 'patch',
  fingerprint: 'question-1',
};

describe('the queue of the forge', () => {
  let world: HealingWorld;
  beforeAll(async () => {
    world = await openHealings();
  });
  afterAll(() => world.close());

  it('holds the calls of the forge apart, with the owner as the key of fairness', async () => {
    const handle = await world.start('queues', { reason: inTurn<Parameters<Activities['reason']>[0], Reasoned>(question, happy.reason) });
    await result(handle);
    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    const queues = new Map(scheduled.map((one) => [one.activityType?.name ?? '', one.taskQueue?.name]));
    const own = world.temporal.taskQueue;
    expect(queues.get('publish')).toBe(forgeQueue(own));
    expect(queues.get('merge')).toBe(forgeQueue(own));
    expect(queues.get('runCommand')).toBe(sandboxQueue(own));
    expect(queues.get('buildChangeSet')).toBe(sandboxQueue(own));
    expect(queues.get('askModel')).toBe(modelQueue(own));
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

import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providedTemporal } from '../support/temporal.ts';
import type { Answers } from './script.ts';
import { input, signal } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, report, result } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings({ maxCachedWorkflows: 0 });
});
afterAll(() => world.close());

const ada = { id: 'ada', trust: 'maintainer' };
const HASH = 'c'.repeat(64);
const later = <T>(milliseconds: number, answer: T) => new Promise<T>((resolve) => setTimeout(() => resolve(answer), milliseconds));
const asks: Answers = {
  decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }),
  // Answered one after the other when nothing else is left: two tasks in a row find nothing to do.
  recordAudit: () => later(300, undefined),
  presentChange: () => later(450, { diff: null }),
};

/** Events of a history, without their payloads. */
async function events(handle: WorkflowHandle) {
  return (await handle.fetchHistory()).events ?? [];
}

/** Waits until everything that was begun has ended, and the last task had nothing to do. Not by a query: it would be a task, too. */
async function settled(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const all = await events(handle);
    const begun = all.filter((event) => event.activityTaskScheduledEventAttributes).length;
    const ended = all.filter((event) => event.activityTaskCompletedEventAttributes).length;
    const last = all.at(-1)?.workflowTaskCompletedEventAttributes;
    if (last && begun === ended && all.some((event) => event.timerStartedEventAttributes)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const messages: ReadonlyArray<readonly [string, (handle: WorkflowHandle) => Promise<unknown>, string]> = [
  [
    'a decision',
    (handle) =>
      handle.executeUpdate('decideApproval', { args: [{ id: 'd', verdict: 'reject', changeSetHash: HASH, actor: ada, via: 'cli' }] }),
    'rejected',
  ],
  ['a stop', (handle) => handle.executeUpdate('cancelHealing', { args: [{ id: 's', actor: ada, comment: 'enough' }] }), 'cancelled'],
];

describe('a worker that has never heard of a healing', () => {
  it.each(messages)('takes %s as every later worker will read it back', async (what, send, outcome) => {
    const repo = `cold-${what.replaceAll(' ', '-')}`;
    world.scripts.script(repo, asks);
    const handle = await report(world.temporal, input(repo), signal(repo));
    await settled(handle);
    await send(handle);
    expect((await result(handle)).outcome.kind).toBe(outcome);
    const options = { workflowBundle: { codePath: providedTemporal().bundlePath } };
    await expect(Worker.runReplayHistory(options, await handle.fetchHistory(), handle.workflowId)).resolves.toBeUndefined();
  });
});

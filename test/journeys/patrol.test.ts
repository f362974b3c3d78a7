import { setTimeout as delay } from 'node:timers/promises';
import type { ScheduleHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healingId } from '../../src/domain/ids.ts';
import { ensurePatrol } from '../../src/temporal/index.ts';
import { openWholeWorld, policy, SETTINGS, type WholeWorld } from './hostile-world.ts';

interface Walk {
  readonly started: readonly string[];
  readonly swept: number;
}

let world: WholeWorld;
let schedule: ScheduleHandle;
beforeAll(async () => {
  world = await openWholeWorld();
  schedule = world.temporal.client.schedule.getHandle('suture-patrol');
});
afterAll(async () => {
  await schedule?.delete();
  await world?.close();
});

/** Has the patrol walk once more, as its schedule would, and gives what it found. */
async function walk(): Promise<Walk> {
  const before = new Set((await schedule.describe()).info.recentActions.map(({ action }) => action.workflow.firstExecutionRunId));
  await schedule.trigger();
  for (;;) {
    const { recentActions } = (await schedule.describe()).info;
    const fresh = recentActions.find(({ action }) => !before.has(action.workflow.firstExecutionRunId));
    if (fresh !== undefined) {
      const { workflowId, firstExecutionRunId } = fresh.action.workflow;
      return (await world.temporal.workflows.getHandle(workflowId, firstExecutionRunId).result()) as Walk;
    }
    await delay(50);
  }
}

describe('the patrol', () => {
  it('finds a red default branch that no event reported, and starts one healing of it however often it walks', async () => {
    const files = {
      '.github/suture.yml': policy('python3 -m app'),
      'app.py': 'import json\njson.load(open("settings.json"))\n',
      'settings.json': '{}',
    };
    const red = await world.serve('red', files);
    await world.serve('green', files);
    const broken = await world.push(red, { 'settings.json': '{' });
    const id = healingId(red, 'branch/main');
    const { taskQueue } = world.temporal;
    // A long interval: only what is triggered walks.
    const options = { everyMs: 3_600_000, taskQueue, settings: SETTINGS };
    await ensurePatrol(world.temporal.client, options);

    expect((await walk()).started).toEqual([id]);
    expect((await walk()).started).toEqual([]);
    const view = await world.followed(red);
    expect(view).toMatchObject({ signals: 1, outcome: { kind: 'healed' } });
    expect(view.timeline[0]?.text).toContain('1 signals');

    // The same red head is not begun again, also now that its healing has ended.
    expect(await world.forge.repositories.resolve(red, 'main')).not.toBe(broken);
    await ensurePatrol(world.temporal.client, options);
    expect((await walk()).started).toEqual([]);
    const runs: string[] = [];
    for await (const { runId } of world.temporal.workflows.list({ query: `WorkflowId = '${id}'` })) runs.push(runId);
    expect(runs).toHaveLength(1);
  });

  it('leaves alone what an event reported, while that is healed and after it ended without a fix', async () => {
    const files = { '.github/suture.yml': policy('python3 -m app'), 'app.py': 'raise SystemExit(1)\n' };
    const red = await world.serve('reported', files);
    await world.report(red, 'tests');
    expect((await walk()).started).toEqual([]);
    expect((await world.followed(red)).outcome?.kind).toBe('escalated');
    expect((await walk()).started).toEqual([]);
  });

  it('has one schedule, which follows the configuration and skips a walk while one is under way', async () => {
    const { taskQueue } = world.temporal;
    for (const everyMs of [3_600_000, 1_800_000]) await ensurePatrol(world.temporal.client, { everyMs, taskQueue, settings: SETTINGS });
    const { spec, policies, action } = await schedule.describe();
    expect(spec.intervals).toMatchObject([{ every: 1_800_000 }]);
    expect(policies.overlap).toBe('SKIP');
    expect(action).toMatchObject({ type: 'startWorkflow', workflowType: 'PatrolWorkflow', taskQueue });
  });

  it('walks by itself when its interval has passed', async () => {
    const before = (await schedule.describe()).info.numActionsTaken;
    await ensurePatrol(world.temporal.client, { everyMs: 1_000, taskQueue: world.temporal.taskQueue, settings: SETTINGS });
    let taken = before;
    while (taken === before) {
      await delay(100);
      taken = (await schedule.describe()).info.numActionsTaken;
    }
    expect(taken).toBeGreaterThan(before);
  });
});

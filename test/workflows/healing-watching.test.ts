import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import { createHealings } from '../../src/temporal/index.ts';
import type { Answers } from './script.ts';
import { input, serviceIncident, sha, signal } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, report, result, until, view } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

const heals: Answers = { normalize: async () => ({ kind: 'incident', incident: serviceIncident() }) };
const HOUR = 3_600_000;
const watches = (repo: string, signalsPerRun: number, watchMs: readonly number[] = [HOUR]) =>
  input(repo, { timings: { cooldownMs: 1, watchMs }, settings: { caps: { ...input(repo).settings.caps, signalsPerRun } } });
const alert = (repo: string, id: string): Signal => {
  const { sha: _, ...given } = signal(repo, { id, kind: 'alert-triggered', service: 'auth', facts: {} });
  return given;
};
/** What says nothing new while production is watched: the failure that was healed, a check that passed, an alert that was delivered before. */
const repeats = (repo: string, count: number): readonly Signal[] =>
  Array.from({ length: count }, (_, number) =>
    number % 3 === 0
      ? signal(repo, { id: `failed-${number}` })
      : number % 3 === 1
        ? signal(repo, { id: `passed-${number}`, kind: 'check-passed', sha: sha('c') })
        : alert(repo, 'first'),
  );
const inputs = (repo: string, name: keyof Activities) => world.scripts.calls(repo, name).map((call) => call.input);

async function tell(repo: string, signals: readonly Signal[], at = 20): Promise<void> {
  for (let from = 0; from < signals.length; from += at)
    await Promise.all(signals.slice(from, from + at).map((each) => report(world.temporal, input(repo), each)));
}

/** Runs of a healing, newest first, each the continuation of the next. */
async function runsOf({ workflowId }: WorkflowHandle): Promise<readonly string[]> {
  const runs: string[] = [];
  for (let runId = (await world.temporal.workflows.getHandle(workflowId).describe()).runId; runId !== ''; ) {
    runs.push(runId);
    const history = await world.temporal.workflows.getHandle(workflowId, runId).fetchHistory();
    runId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  }
  return runs;
}

/** Numbers of the audit entries of each healing, in the order in which they were written. */
function auditNumbers(repo: string): ReadonlyMap<string, readonly number[]> {
  const numbers = new Map<string, number[]>();
  for (const { entries } of inputs(repo, 'recordAudit'))
    for (const { key } of entries as ReadonlyArray<{ readonly key: string }>) {
      const [, healing = '', number = ''] = /^(.*)\/(\d+)$/.exec(key) ?? [];
      numbers.set(healing, [...(numbers.get(healing) ?? []), Number(number)]);
    }
  return numbers;
}
const gapless = (numbers: readonly number[]) => expect(numbers).toEqual(numbers.map((_, at) => at + 1));

describe.concurrent('a healing that watches production', () => {
  it('goes on in a new run as often as its signals want it, loses none of them, and stays the only healing of its subject', {
    timeout: 240_000,
  }, async () => {
    const repo = 'watched-storm';
    const handle = await world.start(repo, heals, watches(repo, 25), signal(repo));
    await report(world.temporal, input(repo), alert(repo, 'first'));
    const before = await until(handle, 'watching');
    const read = inputs(repo, 'normalize').length;
    const again = world.temporal.workflows.getHandle(handle.workflowId);
    const signals = repeats(repo, 90);
    let after = before;
    for (const storm of [1, 2, 3]) {
      // More than a run takes, however many of them come while it is about to go on.
      await tell(repo, signals.slice((storm - 1) * 30, storm * 30), 5);
      after = await until(again, (shown) => shown.signals === 2 + storm * 30);
      await vi.waitFor(async () => expect((await runsOf(handle)).length).toBeGreaterThan(storm), 30_000);
    }
    // Each run is listed a little later than it is there.
    await vi.waitFor(async () => {
      const listed: string[] = [];
      for await (const { runId } of world.temporal.workflows.list({ query: `WorkflowId = '${handle.workflowId}'` })) listed.push(runId);
      expect(listed.sort()).toEqual([...(await runsOf(handle))].sort());
    }, 30_000);
    expect(inputs(repo, 'normalize')).toHaveLength(read);
    // Everything that people are shown is as it was, save what was counted.
    expect({ ...after, signals: 0 }).toEqual({ ...before, signals: 0, timeline: after.timeline });
    expect(after.timeline.slice(0, before.timeline.length)).toEqual(before.timeline);
    const { client, taskQueue, namespace } = world.temporal;
    const door = createHealings(client, { taskQueue, namespace });
    await vi.waitFor(async () => {
      const listed = await door.list({ running: false, limit: 20, repo: { owner: 'acme', name: repo } });
      expect(listed).toMatchObject([
        { healingId: handle.workflowId, runId: (await runsOf(handle))[0], running: true, state: 'watching', outcome: 'healed' },
      ]);
    }, 20_000);
    const described = await again.describe();
    expect(described.searchAttributes).toMatchObject({ SutureState: ['watching'], SutureOutcome: ['healed'], SutureReason: ['verified'] });

    // And the problem that comes back opens the same case again, with what was tried.
    await report(world.temporal, input(repo), alert(repo, 'back'));
    await until(again, (shown) => inputs(repo, 'normalize').length > read && shown.state === 'watching');
    expect(
      inputs(repo, 'normalize')
        .at(-1)
        ?.signals.map(({ id }: Signal) => id),
    ).toEqual(['back']);
    expect(inputs(repo, 'reason').at(-1)?.tried).toMatchObject([{ fingerprint: 'plan-1', result: expect.stringContaining('came back') }]);
    await again.cancel();
    expect((await result(handle)).outcome).toMatchObject({ kind: 'healed', reason: 'verified' });
    const numbers = auditNumbers(repo);
    expect(numbers.size).toBe(2);
    for (const each of numbers.values()) gapless(each);
  });

  it('answers the decision that counted as it was answered before, and none that comes after it', async () => {
    const repo = 'decided';
    const asks: Answers = { ...heals, decideChange: async () => ({ decision: 'ask', autonomy: 'deploy', reasons: [] }) };
    const handle = await world.start(repo, asks, watches(repo, 2));
    await until(handle, 'awaiting-approval');
    const actor = { id: 'ada', trust: 'maintainer' };
    const decision = { id: 'click', changeSetHash: 'c'.repeat(64), actor, via: 'slack', verdict: 'approve' };
    await handle.executeUpdate('decideApproval', { args: [decision] });
    await until(handle, 'watching');
    const again = world.temporal.workflows.getHandle(handle.workflowId);
    await tell(
      repo,
      [4, 5, 6].map((number) => signal(repo, { id: `passed-${number}`, kind: 'check-passed', sha: sha(`${number}`) })),
      1,
    );
    while ((await runsOf(handle)).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await again.executeUpdate('decideApproval', { args: [decision] })).toMatchObject({ accepted: true, state: 'watching' });
    await expect(again.executeUpdate('decideApproval', { args: [{ ...decision, id: 'other' }] })).rejects.toMatchObject({
      cause: { type: 'AlreadyDecided' },
    });
    await again.cancel();
    await result(handle);
  });

  it('looks at production when it is due, in whatever run that is, and ends with all that it knew', { timeout: 120_000 }, async () => {
    const repo = 'due';
    const handle = await world.start(repo, heals, watches(repo, 4, [1, 25_000]));
    await report(world.temporal, input(repo), alert(repo, 'first'));
    await until(handle, (shown) => shown.timeline.some(({ text }) => text.startsWith('Production after 1 ms')));
    const again = world.temporal.workflows.getHandle(handle.workflowId);
    await tell(repo, repeats(repo, 9), 3);
    await until(again, (shown) => shown.signals === 11);
    const runs = await runsOf(handle);
    expect(runs.length).toBeGreaterThanOrEqual(2);
    const ended = await result(handle);
    expect(ended).toMatchObject({
      outcome: { kind: 'healed', reason: 'verified' },
      signals: 11,
      attempts: 1,
      plan: { strategy: 'config-rollback' },
      changeSet: { hash: 'c'.repeat(64) },
      proof: { verdict: 'proven' },
      change: { number: 7 },
      mergeSha: sha('f'),
      refusals: [{ strategy: 'formatter' }],
    });
    const actions = inputs(repo, 'recordAudit').flatMap(({ entries }) => entries.map(({ action }: { action: string }) => action));
    expect(actions.filter((action) => action === 'watched')).toHaveLength(2);
    for (const each of auditNumbers(repo).values()) gapless(each);
    expect((await view(again)).timeline.at(-1)?.text).toMatch(/^Closed/);
  });

  it('waits for what is being told before it goes on, and takes what could not be audited along', async () => {
    const repo = 'telling';
    let open = () => undefined as void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let refused = 0;
    const answers: Answers = {
      ...heals,
      notify: () => gate,
      recordAudit: async ({ entries }) => {
        if (refused > 0 || !entries.some(({ facts }) => facts['to'] === 'watching')) return;
        refused += 1;
        throw ApplicationFailure.nonRetryable('no disk', 'bug');
      },
    };
    const handle = await world.start(repo, answers, watches(repo, 3));
    await report(world.temporal, input(repo), alert(repo, 'first'));
    await until(handle, 'watching');
    const again = world.temporal.workflows.getHandle(handle.workflowId);
    await tell(repo, repeats(repo, 6));
    await until(again, (shown) => shown.signals === 8);
    expect(await runsOf(handle)).toHaveLength(1);
    open();
    while ((await runsOf(handle)).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(inputs(repo, 'notify')).toHaveLength(1);
    await until(again, 'watching');
    await again.cancel();
    await result(handle);
    // The refused batch was written again: by keys nothing is missing, and nothing stands twice.
    expect(refused).toBe(1);
    const [numbers = []] = auditNumbers(repo).values();
    gapless([...new Set(numbers)].sort((one, other) => one - other));
  });
});

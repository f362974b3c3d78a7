import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import type { Answers } from './script.ts';
import { alertSummary, input, inTurn, serviceIncident, sha, signal } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

type Verdict = Awaited<ReturnType<Activities['judgeHealth']>>['verdict'];
const withService: Answers = { normalize: async () => ({ kind: 'incident', incident: serviceIncident() }) };
const shows = (verdict: Verdict, more: Answers = {}): Answers => ({
  ...withService,
  judgeHealth: async () => ({ verdict, detail: `it is ${verdict}` }),
  ...more,
});
/** The checks of the undoing, which is commit b, end so; all others are green. */
const undoingIs = (state: 'green' | 'red' | 'none'): Answers => ({
  readChecks: async ({ sha: of }) => ({ state: of === sha('b') ? state : 'green', detail: `${state}: unit` }),
});
const inputs = (repo: string, name: keyof Activities) => world.scripts.calls(repo, name).map((call) => call.input);
const bad = { at: '2026-11-23T10:00:00.000Z', requests: 100, errorRate: 0.2, ok: false };
const good = { ...bad, errorRate: 0, ok: true };

describe.concurrent('a fix that makes production worse', () => {
  it('is rolled back and undone once, and its undoing is merged where its checks are green', async () => {
    const handle = await world.start('worse', shows('worse', undoingIs('green')));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'reverted', reason: 'worse-after-deploy' });
    expect(inputs('worse', 'deploy').map((given) => given.sha)).toEqual([sha('f'), sha('a')]);
    expect(inputs('worse', 'publishRevert')).toMatchObject([{ sha: sha('f') }]);
    expect(inputs('worse', 'merge').map((given) => given.number)).toEqual([7, 8]);
    expect(inputs('worse', 'judgeHealth')).toHaveLength(1);
  });

  it('is rolled back, and its undoing left to a person where the old failure is back with it', async () => {
    const handle = await world.start('worse-red', shows('worse', undoingIs('red')));
    const { outcome } = await result(handle);
    expect(outcome).toMatchObject({ kind: 'reverted', reason: 'worse-after-deploy' });
    expect(outcome.detail).toMatch(/aaaaaaaaaa is live again.*#8 .*waits for a person.*red/);
    expect(inputs('worse-red', 'merge').map((given) => given.number)).toEqual([7]);
  });

  it('is only proposed to be undone where a person merges and deploys, and people are told', async () => {
    const handle = await world.start(
      'worse-propose',
      shows('worse', {
        decideChange: async () => ({ decision: 'allow', autonomy: 'propose', reasons: [] }),
        readPullRequest: async () => ({ state: 'merged', headSha: sha('e'), mergeSha: sha('f'), closedBy: 'ada' }),
      }),
      input('worse-propose', { timings: { deployTimeoutMs: 40 } }),
    );
    expect((await result(handle)).outcome).toMatchObject({ kind: 'escalated', reason: 'worse-after-deploy' });
    expect(inputs('worse-propose', 'publishRevert')).toHaveLength(1);
    expect(inputs('worse-propose', 'deploy')).toEqual([]);
    expect(inputs('worse-propose', 'merge')).toEqual([]);
    expect(inputs('worse-propose', 'escalate')).toHaveLength(1);
  });

  it('goes to people where neither roll-back nor undoing works', async () => {
    const handle = await world.start(
      'worse-stuck',
      shows('worse', {
        readDeployment: inTurn({ state: 'success', detail: '' }, { state: 'failure', detail: 'no disk' }),
        publishRevert: async () => ({ kind: 'refused', reason: 'conflict', detail: 'later commits build on it' }),
      }),
    );
    const { outcome } = await result(handle);
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'worse-after-deploy' });
    expect(outcome.detail).toMatch(/no disk.*later commits/);
  });
});

describe.concurrent('a fix that changes nothing', () => {
  it('is followed by another one that knows it, within the cap', async () => {
    const handle = await world.start('unchanged', {
      ...withService,
      judgeHealth: inTurn({ verdict: 'unchanged', detail: 'errors stay' }, { verdict: 'better', detail: 'errors fell' }),
    });
    expect(await result(handle)).toMatchObject({ outcome: { kind: 'healed', reason: 'verified' }, attempts: 2 });
    expect(inputs('unchanged', 'reason')[1]?.tried).toMatchObject([
      { fingerprint: 'plan-1', result: expect.stringContaining('errors stay') },
    ]);
    expect(inputs('unchanged', 'publish')).toHaveLength(2);
  });

  it('goes to people where nothing is left that can be healed', async () => {
    const handle = await world.start('unchanged-green', {
      normalize: inTurn(
        { kind: 'incident', incident: serviceIncident() },
        { kind: 'no-problem', reason: 'already-green', detail: 'no check is red' },
      ),
      judgeHealth: async () => ({ verdict: 'unchanged', detail: 'errors stay' }),
    });
    const { outcome } = await result(handle);
    expect(outcome).toMatchObject({
      kind: 'escalated',
      reason: 'still-failing-after-deploy',
      detail: expect.stringContaining('no check is red'),
    });
  });
});

describe.concurrent('a fix of which nobody can tell', () => {
  const asked = async (repo: string, more: Answers = {}) => {
    const timings = { approvalReminderMs: repo === 'nobody' ? 20 : 60_000, approvalReminders: 0 };
    const handle = await world.start(repo, shows('inconclusive', more), input(repo, { timings }));
    return handle;
  };
  const decide = async (handle: WorkflowHandle, verdict: 'approve' | 'reject', changeSetHash?: string) => {
    const shown = await until(handle, 'awaiting-approval');
    const decision = {
      id: `d-${verdict}`,
      verdict,
      changeSetHash: changeSetHash ?? shown.approval?.changeSetHash,
      actor: { id: 'ada', trust: 'maintainer' },
      via: 'cli',
    };
    await handle.executeUpdate('decideApproval', { args: [decision] });
  };

  it('stays when a person keeps it; an answer to the question before is none to this one', async () => {
    const handle = await asked('keep');
    await expect(decide(handle, 'approve', 'c'.repeat(64))).rejects.toMatchObject({ cause: { type: 'StaleApproval' } });
    await decide(handle, 'approve');
    expect((await result(handle)).outcome).toMatchObject({ kind: 'healed', reason: 'kept-by-person' });
    expect(inputs('keep', 'publishRevert')).toEqual([]);
  });

  it('is taken back when a person says so', async () => {
    const handle = await asked('back');
    await decide(handle, 'reject');
    expect((await result(handle)).outcome).toMatchObject({ kind: 'reverted', reason: 'person-said-no' });
    expect(inputs('back', 'publishRevert')).toHaveLength(1);
  });

  it('goes to people when nobody says', async () => {
    expect((await result(await asked('nobody'))).outcome).toMatchObject({ kind: 'escalated', reason: 'health-inconclusive' });
  });
});

describe.concurrent('production after it was verified', () => {
  const watched = (repo: string, watchMs: readonly number[]) => input(repo, { timings: { cooldownMs: 5, watchMs } });
  const runs = (repo: string) => inputs(repo, 'normalize').length;

  it('is looked at again at each horizon, and the case closes when it stayed well', async () => {
    const handle = await world.start('well', { ...withService, readHealth: async () => good }, watched('well', [20, 40]));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'healed', reason: 'verified' });
    expect(runs('well')).toBe(1);
    const entries = inputs('well', 'recordAudit').flatMap(({ entries: all }) => all.map((entry: { action: string }) => entry.action));
    expect(entries.filter((action) => action === 'watched')).toHaveLength(2);
  });

  it('opens the same case again when it is bad twice, with what was tried', async () => {
    const handle = await world.start(
      'back-again',
      { ...withService, readHealth: inTurn(good, good, bad, bad, good) },
      watched('back-again', [20]),
    );
    await handle.result();
    expect(runs('back-again')).toBe(2);
    expect(inputs('back-again', 'normalize')[1]?.signals).toMatchObject([{ kind: 'alert-triggered', source: 'suture', service: 'auth' }]);
    expect(inputs('back-again', 'reason').at(-1)?.tried).toMatchObject([
      { fingerprint: 'plan-1', result: expect.stringContaining('came back') },
    ]);
  });

  it('opens the same case again at an alert, the same as the first included', async () => {
    const alert = (id: string) => signal('alerted', { id, kind: 'alert-triggered', service: 'auth', sha: undefined as never, facts: {} });
    const handle = await world.start('alerted', withService, watched('alerted', [60_000]), alert('first'));
    const shown = await until(handle, 'watching');
    expect(shown.outcome?.kind).toBe('healed');
    await handle.signal('incidentEvent', alert('first'));
    await handle.signal('incidentEvent', alert('second'));
    const again = world.temporal.workflows.getHandle(handle.workflowId);
    await until(again, (next) => next.outcome === undefined || runs('alerted') > 1);
    await until(again, 'watching');
    expect(runs('alerted')).toBe(2);
    await again.cancel();
    await again.result();
  });

  it('takes in an alert that nothing in the repository explains', async () => {
    const cannot: Answers = {
      normalize: async () => ({ kind: 'cannot', reason: 'no-command', title: 'alert', detail: 'no check is red', alert: alertSummary() }),
    };
    const joins = await world.start('joins', { ...cannot, findWatched: async () => ({ healingId: 'heal/acme/joins/branch/other' }) });
    expect((await result(joins)).outcome).toMatchObject({ kind: 'merged-into', reason: 'correlated' });
    expect(inputs('joins', 'forwardSignals')).toMatchObject([{ into: 'heal/acme/joins/branch/other' }]);
    const gone = await world.start('held-gone', {
      ...cannot,
      findWatched: async () => ({ healingId: 'heal/acme/held-gone/branch/other' }),
      forwardSignals: async () => ({ delivered: false }),
    });
    expect((await result(gone)).outcome).toMatchObject({ kind: 'escalated', reason: 'no-command' });
  });
});

describe.concurrent('progress', () => {
  it('is shown step by step with numbers at the end, and monitors are quiet while we deploy, where the server wants it', async () => {
    const quiet: Answers = { normalize: async () => ({ kind: 'incident', incident: serviceIncident({ quietMinutes: 5 }) }) };
    await result(await world.start('shown', quiet, input('shown', { settings: { telemetry: true } })));
    const given = inputs('shown', 'showProgress');
    const kinds = given.flatMap(({ milestones }) => milestones.map((each: { kind: string }) => each.kind));
    expect(kinds).toEqual(['started', 'proposed', 'merged', 'deployed', 'verified', 'ended']);
    expect(new Set(given.map(({ key }) => key)).size).toBe(given.length);
    const points = given.flatMap(({ points: all }) => all.map((each: { name: string }) => each.name.replace('suture.healing.', '')));
    expect(points).toEqual(
      expect.arrayContaining([
        'ended',
        'attempts',
        'claim_seconds',
        'diagnose_seconds',
        'green_seconds',
        'verified_seconds',
        'queue_seconds',
        'sandbox_seconds',
      ]),
    );
    expect(inputs('shown', 'quietMonitors')).toMatchObject([{ service: 'auth', environment: 'production', minutes: 5 }]);
  });

  it('is not shown elsewhere, and a place that is away holds nothing up', async () => {
    await result(await world.start('unshown', withService));
    expect(inputs('unshown', 'showProgress')).toEqual([]);
    const away: Answers = { ...withService, showProgress: () => Promise.reject(ApplicationFailure.nonRetryable('no', 'bug')) };
    expect(
      (await result(await world.start('telemetry-away', away, input('telemetry-away', { settings: { telemetry: true } })))).outcome.kind,
    ).toBe('healed');
  });
});

import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities, Normalized } from '../../src/activities/contract.ts';
import type { Answers } from './script.ts';
import { alertSummary, input, inTurn, serviceIncident, sha, signal } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

type Planned = Extract<Awaited<ReturnType<Activities['planAction']>>, { readonly kind: 'action' }>;
const inputs = (repo: string, name: keyof Activities) => world.scripts.calls(repo, name).map((call) => call.input);
const unexplained = (waitMs = 0): Normalized => ({
  kind: 'cannot',
  reason: 'no-command',
  title: 'alert',
  detail: 'no check is red',
  alert: alertSummary({ waitMs }),
});
const cannot: Answers = { normalize: async () => unexplained() };
const action = (over: Partial<Planned> = {}): Planned => ({
  kind: 'action',
  name: 'restart',
  choices: { zone: 'eu' },
  decision: 'allow',
  reason: 'restart auth: the server wants a person for it',
  title: 'restart auth',
  risk: 'low',
  environment: 'production',
  hash: 'e'.repeat(64),
  undoable: true,
  approvers: [],
  approval: { escalate: [] },
  ...over,
});
const none = { kind: 'none', detail: 'nothing is left' } as const;
const acts = (verdict: 'better' | 'unchanged' | 'worse' | 'inconclusive', over: Partial<Planned> = {}, more: Answers = {}): Answers => ({
  ...cannot,
  planAction: async ({ tried }) => (tried.length === 0 ? action(over) : none),
  judgeHealth: async () => ({ verdict, detail: `it is ${verdict}` }),
  ...more,
});
const decide = async (handle: WorkflowHandle, verdict: 'approve' | 'reject') => {
  const shown = await until(handle, 'awaiting-approval');
  await handle.executeUpdate('decideApproval', {
    args: [{ id: verdict, verdict, changeSetHash: shown.approval?.changeSetHash, actor: { id: 'ada', trust: 'maintainer' }, via: 'cli' }],
  });
  return shown;
};

describe.concurrent('an alert that nothing in the repository explains', () => {
  it('goes to people where nothing may be done to production', async () => {
    const handle = await world.start('alert-nothing', cannot);
    expect((await result(handle)).outcome).toMatchObject({ kind: 'escalated', reason: 'no-command' });
    expect(inputs('alert-nothing', 'requestSlot')).toMatchObject([
      { request: { kind: 'alert', signature: 'alert-auth', service: 'auth' } },
    ]);
    expect(inputs('alert-nothing', 'performAction')).toEqual([]);
  });

  it('waits for the check that explains it, and heals that', async () => {
    const handle = await world.start(
      'alert-late-check',
      { normalize: inTurn<unknown, Normalized>(unexplained(60_000), { kind: 'incident', incident: serviceIncident() }) },
      input('alert-late-check'),
      signal('alert-late-check', { kind: 'alert-triggered', service: 'auth', facts: {} }),
    );
    await until(handle, 'correlating');
    const from = { mergedFrom: 'heal/acme/alert-late-check/pr/1', mergedWhy: 'an alert and a code failure of the service auth' };
    await handle.signal('incidentEvent', signal('alert-late-check', { id: 'late', facts: { check: 'unit', ...from } }));
    const done = await result(handle);
    expect(done.outcome).toMatchObject({ kind: 'healed', reason: 'verified' });
    // It asked once as an alert and once as what it turned out to be.
    expect(inputs('alert-late-check', 'requestSlot').map(({ request }) => request.signature)).toEqual(['alert-auth', 'sig-1']);
    const entries = inputs('alert-late-check', 'recordAudit').flatMap(({ entries: all }) => all);
    expect(entries.find((entry: { action: string }) => entry.action === 'evidence-joined')).toMatchObject({
      facts: { from: from.mergedFrom, why: from.mergedWhy },
    });
  });

  it('is over when it recovers while it waits', async () => {
    const handle = await world.start('alert-recovers', { normalize: async () => unexplained(60_000), judgeSignal: async () => recovered });
    await until(handle, 'correlating');
    await handle.signal('incidentEvent', signal('alert-recovers', { id: 'ok', kind: 'alert-recovered', service: 'auth' }));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'recovered-alone', reason: 'alert-recovered' });
    expect(inputs('alert-recovers', 'judgeSignal')).toMatchObject([{ incident: null, alert: true, state: 'correlating' }]);
  });

  it('ends with the answer of the coordinator where another healing has it', async () => {
    const handle = await world.start('alert-elsewhere', {
      ...cannot,
      requestSlot: async ({ request }) => {
        const answer = {
          kind: 'merge-into',
          healingId: 'heal/acme/alert-elsewhere/pr/9',
          why: 'two alerts of the service auth, 3 minutes apart',
        };
        await world.temporal.workflows.getHandle(request.healingId).signal('admission', answer);
      },
    });
    expect((await result(handle)).outcome).toMatchObject({ kind: 'merged-into', detail: expect.stringContaining('3 minutes apart') });
    expect(inputs('alert-elsewhere', 'forwardSignals')).toMatchObject([
      { into: 'heal/acme/alert-elsewhere/pr/9', why: expect.stringContaining('auth') },
    ]);
  });
});

const recovered = { kind: 'end', outcome: { kind: 'recovered-alone', reason: 'alert-recovered', detail: 'it did' } } as const;

describe.concurrent('a production action', () => {
  it('is done alone where that is allowed, and production shows that it helped', async () => {
    const handle = await world.start('alert-acts', acts('better'));
    expect((await result(handle)).outcome).toMatchObject({
      kind: 'healed',
      reason: 'verified',
      detail: expect.stringMatching(/restart auth/),
    });
    expect(inputs('alert-acts', 'performAction')).toMatchObject([
      { name: 'restart', service: 'auth', choices: { zone: 'eu' }, undo: false },
    ]);
    expect(inputs('alert-acts', 'publish')).toEqual([]);
  });

  it('waits for a person, who decides on that very action', async () => {
    const handle = await world.start('alert-asks', acts('better', { decision: 'ask' }));
    const shown = await decide(handle, 'approve');
    expect(shown.approval).toMatchObject({ changeSetHash: 'e'.repeat(64), paths: ['restart on auth in production, zone eu'] });
    expect(shown.approval?.reasons).toContain('it can be taken back');
    expect((await result(handle)).outcome.kind).toBe('healed');
  });

  it('is not done when the person says no', async () => {
    const handle = await world.start('alert-says-no', acts('better', { decision: 'ask' }));
    await decide(handle, 'reject');
    expect((await result(handle)).outcome).toMatchObject({ kind: 'rejected', reason: 'person-said-no' });
    expect(inputs('alert-says-no', 'performAction')).toEqual([]);
  });

  it('is not done when nobody answers', async () => {
    const timings = { approvalReminderMs: 20, approvalReminders: 0 };
    const handle = await world.start('alert-nobody', acts('better', { decision: 'ask' }), input('alert-nobody', { timings }));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'expired', reason: 'approval-expired' });
    expect(inputs('alert-nobody', 'performAction')).toEqual([]);
  });

  it('is not done when the alert recovers while a person is asked', async () => {
    const handle = await world.start('alert-too-late', acts('better', { decision: 'ask' }, { judgeSignal: async () => recovered }));
    await until(handle, 'awaiting-approval');
    await handle.signal('incidentEvent', signal('alert-too-late', { id: 'ok', kind: 'alert-recovered', service: 'auth' }));
    expect((await result(handle)).outcome.kind).toBe('recovered-alone');
    expect(inputs('alert-too-late', 'performAction')).toEqual([]);
  });

  it('is followed by the next one when it changes nothing, and by people after the last', async () => {
    const second = action({ name: 'flag-off', title: 'flag off' });
    const handle = await world.start(
      'alert-next',
      acts('unchanged', {}, { planAction: async ({ tried }) => [action(), second][tried.length] ?? none }),
    );
    const { outcome } = await result(handle);
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'still-failing-after-deploy' });
    expect(outcome.detail).toMatch(/no check is red.*restart auth changed nothing.*flag off changed nothing/);
    expect(inputs('alert-next', 'planAction').map(({ tried }) => tried)).toEqual([[], ['restart'], ['restart', 'flag-off']]);
    expect(new Set(inputs('alert-next', 'performAction').map(({ key }) => key)).size).toBe(2);
  });

  it('is taken back when it made things worse, once, and nothing else is tried', async () => {
    const handle = await world.start('alert-worse', acts('worse'));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'reverted', reason: 'worse-after-deploy' });
    expect(inputs('alert-worse', 'performAction').map(({ undo }) => undo)).toEqual([false, true]);
    expect(inputs('alert-worse', 'planAction')).toHaveLength(1);
  });

  it('goes to people when it made things worse and cannot be taken back', async () => {
    const refuse: Activities['performAction'] = async ({ undo }) =>
      undo ? { kind: 'refused', detail: 'it cannot be taken back' } : { kind: 'done', detail: 'status 200' };
    const handle = await world.start('alert-stuck', acts('worse', { undoable: false }, { performAction: refuse }));
    expect((await result(handle)).outcome).toMatchObject({
      kind: 'escalated',
      reason: 'worse-after-deploy',
      detail: expect.stringContaining('cannot be taken back'),
    });
  });

  it('of which nobody knows whether it was done goes to people and is not repeated', async () => {
    const unknown: Answers = { performAction: async () => ({ kind: 'unknown', detail: 'no answer' }) };
    const handle = await world.start('alert-unknown', acts('better', {}, unknown));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'escalated', reason: 'action-uncertain' });
    expect(inputs('alert-unknown', 'performAction')).toHaveLength(1);
  });

  it('that rolls a release back waits for its deployment', async () => {
    const done: Answers = {
      performAction: async () => ({ kind: 'done', detail: 'deployed', deployment: '7' }),
      readDeployment: inTurn({ state: 'running', detail: '' }, { state: 'success', detail: '' }),
    };
    const handle = await world.start('alert-rollback', acts('better', { name: 'rollback', rollbackTo: sha('9') }, done));
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(inputs('alert-rollback', 'performAction')).toMatchObject([{ rollbackTo: sha('9') }]);
    expect(inputs('alert-rollback', 'readDeployment')).toMatchObject([{ id: '7' }, { id: '7' }]);
  });

  it('is left undone in a dry run', async () => {
    const handle = await world.start('alert-dry', acts('better'), input('alert-dry', { settings: { dryRun: true } }));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'healed', reason: 'dry-run' });
    expect(inputs('alert-dry', 'performAction')).toEqual([]);
  });

  it('gives way to the cause when that shows meanwhile', async () => {
    const handle = await world.start(
      'alert-cause',
      acts(
        'unchanged',
        {},
        {
          normalize: inTurn<unknown, Normalized>(unexplained(), { kind: 'incident', incident: serviceIncident() }),
          judgeHealth: inTurn<unknown, Awaited<ReturnType<Activities['judgeHealth']>>>(
            async () => {
              await world.temporal.workflows
                .getHandle('heal/acme/alert-cause/branch/main')
                .signal('incidentEvent', signal('alert-cause', { id: 'late' }));
              return { verdict: 'unchanged', detail: 'errors stay' };
            },
            { verdict: 'better', detail: 'errors fell' },
          ),
        },
      ),
      input('alert-cause'),
      signal('alert-cause', { kind: 'alert-triggered', service: 'auth', facts: {} }),
    );
    expect((await result(handle)).outcome).toMatchObject({ kind: 'healed', reason: 'verified' });
    expect(inputs('alert-cause', 'publish')).toHaveLength(1);
    expect(inputs('alert-cause', 'performAction')).toHaveLength(1);
  });
});

describe.concurrent('a split', () => {
  const joined = 'heal/acme/alert-split/monitor/1';
  const split = (over: object = {}) => ({ id: 's', joined, actor: { id: 'ada', trust: 'maintainer' }, ...over });
  const alert = (repo: string) =>
    signal(repo, { id: 'alert', kind: 'alert-triggered', service: 'auth', facts: { mergedFrom: joined, mergedWhy: 'same commit' } });

  it('gives the evidence back, once, and reads what is left', async () => {
    const handle = await world.start('alert-split', { decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }) });
    await handle.signal('incidentEvent', alert('alert-split'));
    const shown = await until(handle, 'awaiting-approval');
    expect(shown.joined).toEqual([{ healingId: joined, why: 'same commit', signals: 1 }]);
    await handle.executeUpdate('splitHealing', { args: [split()] });
    await handle.executeUpdate('splitHealing', { args: [split()] });
    expect(inputs('alert-split', 'splitHealings')).toMatchObject([{ joined, healingId: handle.workflowId, signals: [{ id: 'alert' }] }]);
    await expect(handle.executeUpdate('splitHealing', { args: [split({ id: 'again' })] })).rejects.toMatchObject({
      cause: { type: 'NotJoined' },
    });
    const again = await until(handle, (now) => now.joined === undefined && now.state === 'awaiting-approval');
    expect(again.signals).toBe(2);
    expect(inputs('alert-split', 'normalize').at(-1)?.signals).toHaveLength(1);
    await handle.executeUpdate('cancelHealing', { args: [{ id: 'c', actor: { id: 'ada', trust: 'maintainer' }, comment: '' }] });
    await result(handle);
  });

  it('changes nothing where the evidence cannot be given back', async () => {
    const handle = await world.start('alert-stays', {
      decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }),
      splitHealings: async () => {
        throw ApplicationFailure.nonRetryable('no such repository', 'repository-gone');
      },
    });
    await handle.signal('incidentEvent', alert('alert-stays'));
    await until(handle, 'awaiting-approval');
    await expect(handle.executeUpdate('splitHealing', { args: [split()] })).rejects.toThrow();
    expect((await until(handle, 'awaiting-approval')).joined).toMatchObject([{ healingId: joined }]);
    await handle.executeUpdate('cancelHealing', { args: [{ id: 'c', actor: { id: 'ada', trust: 'maintainer' }, comment: '' }] });
    await result(handle);
  });

  it('is refused to outsiders, and after the end', async () => {
    const handle = await world.start('alert-unsplit', { decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }) });
    await handle.signal('incidentEvent', alert('alert-unsplit'));
    await until(handle, 'awaiting-approval');
    await expect(
      handle.executeUpdate('splitHealing', { args: [split({ actor: { id: 'eve', trust: 'outsider' } })] }),
    ).rejects.toMatchObject({
      cause: { type: 'NotAnApprover' },
    });
    await handle.signal('splitHealingLater', { junk: true });
    await handle.signal('splitHealingLater', split());
    await until(handle, (now) => now.joined === undefined);
    await handle.executeUpdate('cancelHealing', { args: [{ id: 'c', actor: { id: 'ada', trust: 'maintainer' }, comment: '' }] });
    await result(handle);
    expect(inputs('alert-unsplit', 'splitHealings')).toHaveLength(1);
  });
});

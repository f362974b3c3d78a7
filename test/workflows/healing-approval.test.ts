import { type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncidentSummary } from '../../src/activities/contract.ts';
import type { ApprovalDecision } from '../../src/domain/decision.schema.ts';
import type { DelegateRequest } from '../../src/domain/messages.ts';
import type { Actor } from '../../src/domain/signal.schema.ts';
import type { Answers } from './script.ts';
import { incident, input, untilCancelled } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until, view } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

const HASH = 'c'.repeat(64);
const maintainer = (id: string): Actor => ({ id, trust: 'maintainer' });
const ada = maintainer('ada');

/** A healing that asks, by this policy. */
const asking = (over: Partial<IncidentSummary>, more: Answers = {}): Answers => ({
  normalize: async () => ({ kind: 'incident', incident: incident(over) }),
  decideChange: async () => ({
    decision: 'ask',
    autonomy: 'merge',
    reasons: [{ code: 'path-protected', detail: 'config.yaml is protected' }],
  }),
  ...more,
});

/** What became of an update: how it was refused, or that it was not. */
async function answer(update: Promise<unknown>): Promise<string> {
  try {
    await update;
    return 'accepted';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) return error.cause.type ?? '';
    throw error;
  }
}

let clicks = 0;
const decide = (handle: WorkflowHandle, actor: Actor, over: Partial<ApprovalDecision> = {}): Promise<string> => {
  clicks += 1;
  const decision: ApprovalDecision = { id: `click-${clicks}`, verdict: 'approve', changeSetHash: HASH, actor, via: 'http', ...over };
  return answer(handle.executeUpdate('decideApproval', { args: [decision] }));
};
const delegate = (handle: WorkflowHandle, actor: Actor, to: string, over: Partial<DelegateRequest> = {}): Promise<string> => {
  clicks += 1;
  const request: DelegateRequest = { id: `hand-${clicks}`, changeSetHash: HASH, actor, to, via: 'cli', ...over };
  return answer(handle.executeUpdate('delegateApproval', { args: [request] }));
};
const stop = (handle: WorkflowHandle) => handle.executeUpdate('cancelHealing', { args: [{ id: 'stop', actor: ada, comment: 'enough' }] });
const audited = (repo: string): readonly string[] =>
  world.scripts.calls(repo, 'recordAudit').flatMap(({ input: { entries } }) => entries.map((entry: { action: string }) => entry.action));
const cards = (repo: string) => world.scripts.calls(repo, 'updateCard').map(({ input: given }) => given.card);
const told = (repo: string): readonly string[] => world.scripts.calls(repo, 'notify').map(({ input: given }) => given.text);

describe.concurrent('who may decide', () => {
  it('is a member of a named group, and nobody who is only trusted', async () => {
    const handle = await world.start('group', asking({ approvers: ['slack-group:S0123'] }));
    await until(handle, 'awaiting-approval');
    expect(await decide(handle, ada)).toBe('NotAnApprover');
    expect(await decide(handle, { ...ada, groups: ['slack-group:S9999', 'role:maintainer'] })).toBe('NotAnApprover');
    expect(await decide(handle, { id: 'eve', trust: 'outsider', groups: ['slack-group:S0123'] })).toBe('NotAnApprover');
    expect(await decide(handle, { id: 'bob', trust: 'collaborator', groups: ['slack-group:S0123'] })).toBe('accepted');
    expect((await result(handle)).outcome.kind).toBe('healed');
  });

  it('is who has a named role', async () => {
    const handle = await world.start('role', asking({ approvers: ['role:maintainer'] }));
    await until(handle, 'awaiting-approval');
    expect(await decide(handle, { id: 'bob', trust: 'collaborator' })).toBe('NotAnApprover');
    expect(await decide(handle, ada)).toBe('accepted');
    await result(handle);
  });

  it('is not who asked for the healing, who may still say no', async () => {
    const handle = await world.start('barred', asking({ barred: ['ada'] }));
    await until(handle, 'awaiting-approval');
    expect(await decide(handle, ada)).toBe('NotAnApprover');
    expect(await delegate(handle, ada, 'bob')).toBe('NotAnApprover');
    expect(await delegate(handle, maintainer('bob'), 'ada')).toBe('NotADelegate');
    expect(await decide(handle, ada, { verdict: 'reject' })).toBe('accepted');
    expect((await result(handle)).outcome.kind).toBe('rejected');
  });

  it('is nobody once it expired, whoever comes', async () => {
    const timings = { approvalReminderMs: 10, approvalReminders: 0, cooldownMs: 60_000 };
    const handle = await world.start('expired', asking({}), input('expired', { timings }));
    await until(handle, 'cooling');
    expect(await decide(handle, ada)).toBe('HealingEnded');
    expect(await delegate(handle, ada, 'bob')).toBe('HealingEnded');
    await handle.cancel();
    expect((await result(handle)).outcome).toMatchObject({ kind: 'expired' });
    expect(cards('expired').at(-1)).toMatchObject({ outcome: { kind: 'expired' } });
  });

  it('decides once: the same click again changes nothing, another one learns who was first', async () => {
    const handle = await world.start('replay', asking({}, { publish: () => untilCancelled() }));
    await until(handle, 'awaiting-approval');
    const click = { id: 'one-click' };
    expect(await decide(handle, ada, click)).toBe('accepted');
    expect(await decide(handle, ada, click)).toBe('accepted');
    expect(await decide(handle, maintainer('bob'), { verdict: 'reject' })).toBe('AlreadyDecided');
    expect(await delegate(handle, ada, 'bob')).toBe('AlreadyDecided');
    await stop(handle);
    await result(handle);
    expect(audited('replay').filter((action) => action === 'decision')).toHaveLength(1);
  });
});

describe.concurrent('handing a decision on', () => {
  it('lets somebody else decide, who could not before; it is told, recorded and on the card', async () => {
    const handle = await world.start(
      'delegate',
      asking({ approvers: ['ada'] }, { identifyActor: async ({ id }) => ({ id, trust: 'collaborator' }) }),
    );
    await until(handle, 'awaiting-approval');
    const bob: Actor = { id: 'bob', trust: 'collaborator' };
    expect(await decide(handle, bob)).toBe('NotAnApprover');
    expect(await delegate(handle, bob, 'bob')).toBe('NotAnApprover');
    expect(await delegate(handle, ada, 'bob', { changeSetHash: 'b'.repeat(64) })).toBe('StaleApproval');
    expect(await delegate(handle, ada, 'bob')).toBe('accepted');
    expect((await view(handle)).approval).toMatchObject({ approvers: ['ada'], delegates: ['bob'] });
    expect(await decide(handle, { id: 'bob', trust: 'outsider' })).toBe('NotAnApprover');
    expect(await decide(handle, bob)).toBe('accepted');
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(told('delegate').some((text) => text.startsWith('ada handed the decision to bob'))).toBe(true);
    expect(audited('delegate')).toContain('delegated');
    expect(cards('delegate').some((card) => card.approval?.approvers.includes('bob'))).toBe(true);
  });

  it('to somebody without rights, or whom nobody knows, is refused and recorded', async () => {
    const handle = await world.start(
      'delegate-outsider',
      asking(
        {},
        {
          identifyActor: async ({ id }) => {
            if (id === 'ghost') throw ApplicationFailure.nonRetryable('gone', 'repository-gone');
            return { id, trust: 'outsider' };
          },
        },
      ),
    );
    await until(handle, 'awaiting-approval');
    expect(await delegate(handle, ada, 'eve')).toBe('NotADelegate');
    expect(await delegate(handle, ada, 'ghost')).toBe('NotADelegate');
    expect(await delegate(handle, ada, 'two words')).toBe('NotADelegate');
    expect((await view(handle)).approval?.delegates).toBeUndefined();
    await handle.signal('delegateApprovalLater', null);
    await handle.signal('delegateApprovalLater', { id: 'x', changeSetHash: HASH, actor: ada, to: 'eve', via: 'comment' });
    await until(handle, (now) => now.timeline.filter((line) => line.text.includes('NotADelegate')).length === 3);
    await stop(handle);
    await result(handle);
    expect(audited('delegate-outsider').filter((action) => action === 'delegation-refused')).toHaveLength(3);
  });

  it('by signal, while no worker answered, is the same once', async () => {
    const handle = await world.start('delegate-later', asking({}));
    await until(handle, 'awaiting-approval');
    const request: DelegateRequest = { id: 'same', changeSetHash: HASH, actor: ada, to: 'bob', via: 'comment' };
    await Promise.all([
      handle.signal('delegateApprovalLater', request),
      handle.signal('delegateApprovalLater', request),
      handle.executeUpdate('delegateApproval', { args: [request] }),
    ]);
    expect((await view(handle)).approval?.delegates).toEqual(['bob']);
    expect(world.scripts.calls('delegate-later', 'identifyActor')).toHaveLength(1);
    await stop(handle);
    await result(handle);
  });
});

describe.concurrent('while nobody decides', () => {
  const ladder = (escalateMs: number) => ({
    remindEveryMs: 60_000,
    reminders: 1,
    escalate: [{ afterMs: escalateMs, approvers: ['slack-group:S0123'], tell: [{ notifier: 'pagerduty', to: ['night'] }] }],
  });

  it('the next group is asked and may decide, and who could before still can', async () => {
    const handle = await world.start('escalate', asking({ approvers: [], approval: ladder(5) }));
    const shown = await until(handle, (now) => (now.approval?.approvers.length ?? 0) > 0);
    expect(shown.approval?.approvers).toEqual(['role:maintainer', 'slack-group:S0123']);
    await until(handle, () => world.scripts.calls('escalate', 'notify').length === 2);
    expect(world.scripts.calls('escalate', 'notify')[1]?.input).toMatchObject({
      kind: 'approval-wanted',
      tell: [{ notifier: 'pagerduty', to: ['night'] }],
    });
    expect(await decide(handle, { id: 'bob', trust: 'collaborator' })).toBe('NotAnApprover');
    expect(await decide(handle, { id: 'bob', trust: 'collaborator', groups: ['slack-group:S0123'] })).toBe('accepted');
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(audited('escalate')).toContain('approval-escalated');
  });

  it('the steps come at the times of the policy, and its expiry is the end', async () => {
    const approval = { ...ladder(20), remindEveryMs: 10, reminders: 3, expireAfterMs: 45 };
    const handle = await world.start('ladder', asking({ approval }));
    expect((await result(handle)).outcome).toMatchObject({
      kind: 'expired',
      detail: 'Nobody decided in time, after 3 reminders and 1 escalation.',
    });
    const kinds = world.scripts.calls('ladder', 'notify').map(({ input: given }) => `${given.kind} ${given.reminder ?? ''}`.trim());
    expect(kinds).toEqual(['approval-wanted', 'reminder 1', 'approval-wanted', 'reminder 2', 'reminder 3']);
  });
});

describe.concurrent('the card of a healing', () => {
  it('is shown with the claim, asks while somebody is asked, and then says who decided and how it ended', async () => {
    const handle = await world.start('card', asking({ approvers: ['ada'] }), input('card', { rest: { webUiUrl: 'http://127.0.0.1/ui' } }));
    await until(handle, () => cards('card').some((card) => card.approval !== undefined));
    expect(cards('card').at(-1)).toMatchObject({
      state: 'awaiting-approval',
      approval: { changeSetHash: HASH, approvers: ['ada'], reasons: ['config.yaml is protected'] },
      change: { title: 'take config.yaml back', risk: 'low', hash: HASH, paths: ['config.yaml'], additions: 1, deletions: 1 },
      webUiUrl: 'http://127.0.0.1/ui',
    });
    expect(cards('card').at(-1)?.proof).toContain('fails without');
    expect(Date.parse(cards('card').at(-1)?.approval.until)).toBeGreaterThan(Date.now());
    await decide(handle, ada);
    await result(handle);
    expect(cards('card').at(-1)).toMatchObject({ decision: { verdict: 'approve', by: 'ada' }, outcome: { kind: 'healed' } });
    expect(cards('card').at(-1)).not.toHaveProperty('approval');
    const keys = world.scripts.calls('card', 'updateCard').map(({ input: given }) => given.key);
    expect(new Set(keys).size).toBe(1);
    const states = cards('card').map((each) => JSON.stringify(each));
    expect(states.filter((text, index) => text === states[index - 1])).toEqual([]);
  });

  it('is not shown in a dry run', async () => {
    const handle = await world.start('card-dry', {}, input('card-dry', { settings: { dryRun: true } }));
    expect((await result(handle)).outcome.reason).toBe('dry-run');
    expect(world.scripts.calls('card-dry', 'updateCard')).toEqual([]);
    expect(world.scripts.calls('card-dry', 'notify')).toEqual([]);
  });

  it('says who stopped it', async () => {
    const handle = await world.start('card-stop', asking({}));
    await until(handle, 'awaiting-approval');
    await stop(handle);
    await result(handle);
    expect(cards('card-stop').at(-1)).toMatchObject({ decision: { verdict: 'stop', by: 'ada' }, outcome: { kind: 'cancelled' } });
  });
});

describe.concurrent('a notifier that is away', () => {
  const failing = async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable('it is away', 'notifier-unavailable');
  };

  it('never stops a healing, and what could not be told is noted', async () => {
    const handle = await world.start(
      'away',
      asking({}, { notify: failing, updateCard: failing, escalate: failing, presentChange: failing }),
    );
    await until(handle, 'awaiting-approval');
    expect(await decide(handle, ada)).toBe('accepted');
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect((await view(handle)).timeline.some((line) => line.text === 'Could not be told: the card')).toBe(true);
  });

  it('never slows one: it is decided, merged and verified while a message hangs', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handle = await world.start('slow', asking({}, { notify: () => held, updateCard: () => held }));
    await until(handle, 'awaiting-approval');
    expect(await decide(handle, ada)).toBe('accepted');
    const shown = await until(handle, (now) => now.outcome !== undefined);
    expect(shown.outcome?.kind).toBe('healed');
    release();
    expect((await result(handle)).outcome.kind).toBe('healed');
    // What was shown last is the end, though every state before it hung.
    expect(cards('slow').at(-1)).toMatchObject({ outcome: { kind: 'healed' } });
    expect(told('slow').length).toBe(2);
  });
});

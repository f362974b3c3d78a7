import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionRefusal } from '../../src/domain/messages.ts';
import type { Answers } from './script.ts';
import { incident, input, inTurn, proof, sha, signal, untilCancelled } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until, view } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

const ada = { id: 'ada', trust: 'maintainer' } as const;
const decision = { id: 'click-1', verdict: 'approve', changeSetHash: 'c'.repeat(64), actor: ada, via: 'cli' } as const;
const stop = { id: 'stop-1', actor: ada, comment: 'not now' } as const;
const ask: Answers = {
  decideChange: async () => ({
    decision: 'ask',
    autonomy: 'merge',
    reasons: [{ code: 'protected-path', detail: 'config.yaml is protected' }],
  }),
};

/** The typed refusal that the sender of an update sees; `accepted` when there is none. */
async function sent(update: Promise<unknown>): Promise<DecisionRefusal | 'accepted'> {
  try {
    await update;
    return 'accepted';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) return error.cause.type as DecisionRefusal;
    throw error;
  }
}

describe.concurrent('a decision', () => {
  it('that approves the very change set lets the healing go on', async () => {
    const handle = await world.start('approve', ask);
    const shown = await until(handle, 'awaiting-approval');
    expect(shown.approval).toMatchObject({ changeSetHash: 'c'.repeat(64), paths: ['config.yaml'] });
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision] }))).toBe('accepted');
    expect((await result(handle)).outcome.reason).toBe('verified');
  });

  it('on an earlier change set is refused as stale and leaves no event', async () => {
    const handle = await world.start('stale', ask);
    await until(handle, 'awaiting-approval');
    const before = (await handle.describe()).historyLength;
    expect(await sent(handle.executeUpdate('decideApproval', { args: [{ ...decision, changeSetHash: 'b'.repeat(64) }] }))).toBe(
      'StaleApproval',
    );
    expect((await handle.fetchHistory()).events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
    expect((await handle.describe()).historyLength).toBeGreaterThanOrEqual(before);
    await handle.executeUpdate('cancelHealing', { args: [stop] });
    await result(handle);
  });

  it('of somebody who is not named as approver is refused', async () => {
    const handle = await world.start('approvers', {
      ...ask,
      normalize: async () => ({ kind: 'incident', incident: incident({ approvers: ['grace'] }) }),
    });
    await until(handle, 'awaiting-approval');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision] }))).toBe('NotAnApprover');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [{ ...decision, actor: { id: 'grace', trust: 'outsider' } }] }))).toBe(
      'NotAnApprover',
    );
    expect(
      await sent(handle.executeUpdate('decideApproval', { args: [{ ...decision, actor: { id: 'grace', trust: 'collaborator' } }] })),
    ).toBe('accepted');
    expect((await result(handle)).outcome.kind).toBe('healed');
  });

  it('is one shot: the same click again is harmless, another one is refused', async () => {
    const handle = await world.start('one-shot', { ...ask, publish: () => untilCancelled() });
    await until(handle, 'awaiting-approval');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision], updateId: 'one' }))).toBe('accepted');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision], updateId: 'two' }))).toBe('accepted');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [{ ...decision, id: 'click-2', verdict: 'reject' }] }))).toBe(
      'AlreadyDecided',
    );
    await handle.executeUpdate('cancelHealing', { args: [stop] });
    await result(handle);
  });

  it('is refused while nothing is asked, and after the end', async () => {
    const handle = await world.start(
      'not-asked',
      { judgeReproduction: () => untilCancelled() },
      input('not-asked', { timings: { cooldownMs: 60_000 } }),
    );
    await until(handle, 'reproducing');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision] }))).toBe('NotAwaitingApproval');
    await handle.executeUpdate('cancelHealing', { args: [stop] });
    await until(handle, 'cooling');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision] }))).toBe('HealingEnded');
    expect(await sent(handle.executeUpdate('cancelHealing', { args: [{ ...stop, id: 'stop-2' }] }))).toBe('HealingEnded');
    await handle.cancel();
    expect((await result(handle)).outcome.kind).toBe('cancelled');
  });

  it('by signal is held to the same rules, and junk is tolerated', async () => {
    const handle = await world.start('fallback', ask);
    await until(handle, 'awaiting-approval');
    await handle.signal('decideApprovalLater', null);
    await handle.signal('decideApprovalLater', 'yes');
    await handle.signal('decideApprovalLater', { ...decision, changeSetHash: 'b'.repeat(64) });
    const shown = await until(handle, (now) => now.timeline.some((line) => line.text.includes('StaleApproval')));
    expect(shown.state).toBe('awaiting-approval');
    await handle.signal('decideApprovalLater', decision);
    expect((await result(handle)).outcome.kind).toBe('healed');
  });

  it('that nobody takes is asked for again and then expires, with nothing written', async () => {
    const handle = await world.start('expire', ask, input('expire', { timings: { approvalReminderMs: 10, approvalReminders: 3 } }));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'expired', reason: 'approval-expired' });
    const told = world.scripts.calls('expire', 'notify').map((call) => call.input.kind);
    expect(told).toEqual(['approval-wanted', 'reminder', 'reminder', 'reminder']);
    expect(world.scripts.calls('expire', 'publish')).toEqual([]);
  });

  it('is asked for anew when the head moved, and the old one no longer counts', async () => {
    const repo = 'ask-anew';
    const changeSet = (hash: string) => ({
      kind: 'built' as const,
      changeSet: {
        artifact: { sha256: hash, size: 1, mediaType: 'x' },
        hash,
        base: sha('a'),
        paths: [],
        fileCount: 1,
        additions: 1,
        deletions: 1,
      },
    });
    const handle = await world.start(repo, {
      ...ask,
      normalize: inTurn({ kind: 'incident', incident: incident() }, { kind: 'incident', incident: incident({ headSha: sha('b') }) }),
      buildChangeSet: inTurn(changeSet('c'.repeat(64)), changeSet('e'.repeat(64))),
      judgeSignal: async () => ({ kind: 'renormalize', note: 'the head moved' }),
    });
    await until(handle, 'awaiting-approval');
    await handle.signal('incidentEvent', signal(repo, { kind: 'head-moved', sha: sha('b') }));
    await until(handle, (now) => now.approval?.changeSetHash === 'e'.repeat(64));
    expect(await sent(handle.executeUpdate('decideApproval', { args: [decision] }))).toBe('StaleApproval');
    expect(await sent(handle.executeUpdate('decideApproval', { args: [{ ...decision, changeSetHash: 'e'.repeat(64) }] }))).toBe('accepted');
    const ended = await result(handle);
    expect(ended.outcome.kind).toBe('healed');
    expect(ended.attempts).toBe(1);
  });
});

describe.concurrent('the stop switch', () => {
  const stops: ReadonlyArray<readonly [string, Answers, Parameters<typeof until>[1]]> = [
    ['waiting for a slot', { requestSlot: () => world.admit('stop-0', { kind: 'waiting', ahead: 2 }) }, 'waiting-for-slot'],
    ['asking a strategy', { reason: () => untilCancelled() }, 'reasoning'],
    ['a sandbox job', { runCommand: () => untilCancelled() }, 'reproducing'],
    ['waiting for a person', ask, 'awaiting-approval'],
    ['waiting for checks', { readChecks: async () => ({ state: 'pending', detail: 'running' }) }, (now) => now.pullRequest !== undefined],
    [
      'deploying',
      {
        normalize: async () => ({ kind: 'incident', incident: incident({ service: 'auth', autonomy: 'deploy' }) }),
        readDeployment: async () => ({ state: 'running', detail: '' }),
      },
      'deploying',
    ],
    [
      'verifying',
      {
        normalize: async () => ({ kind: 'incident', incident: incident({ service: 'auth', autonomy: 'deploy' }) }),
        judgeHealth: async () => ({ verdict: 'wait', detail: '' }),
      },
      'verifying',
    ],
  ];
  for (const [index, [name, answers, ready]] of stops.entries()) {
    it(`ends a healing while it is ${name}`, async () => {
      const repo = `stop-${index}`;
      const handle = await world.start(repo, answers);
      await until(handle, ready);
      expect(await sent(handle.executeUpdate('cancelHealing', { args: [stop] }))).toBe('accepted');
      expect((await result(handle)).outcome).toMatchObject({ kind: 'cancelled', reason: 'stopped-by-person' });
      const opened = world.scripts.calls(repo, 'publish').length > 0 && world.scripts.calls(repo, 'merge').length === 0;
      expect(world.scripts.calls(repo, 'withdraw')).toHaveLength(opened ? 1 : 0);
    });
  }

  it('is the cancellation of the workflow too, and cleaning up still happens', async () => {
    const handle = await world.start('stop-workflow', { readChecks: async () => ({ state: 'pending', detail: 'running' }) });
    await until(handle, (now) => now.pullRequest !== undefined);
    await handle.cancel();
    expect((await result(handle)).outcome).toMatchObject({ kind: 'cancelled', reason: 'stopped-by-person' });
    expect(world.scripts.calls('stop-workflow', 'withdraw')[0]?.input.change).toEqual({ number: 7, branch: 'suture/fix-1' });
  });

  it('awaits the answer of a merge that is under way, and does not take back what was merged', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handle = await world.start('stop-merge', {
      merge: async () => {
        await held;
        return { kind: 'merged', sha: sha('f') };
      },
    });
    await until(handle, () => world.scripts.calls('stop-merge', 'merge').length > 0);
    await handle.executeUpdate('cancelHealing', { args: [stop] });
    expect(await view(handle)).toMatchObject({ state: 'merging' });
    release();
    expect(await result(handle)).toMatchObject({ outcome: { kind: 'cancelled' }, mergeSha: sha('f') });
    expect(world.scripts.calls('stop-merge', 'withdraw')).toEqual([]);
  });

  it('does not obey an outsider', async () => {
    const handle = await world.start('stop-outsider', ask);
    await until(handle, 'awaiting-approval');
    expect(await sent(handle.executeUpdate('cancelHealing', { args: [{ ...stop, actor: { id: 'eve', trust: 'outsider' } }] }))).toBe(
      'NotAnApprover',
    );
    await handle.signal('cancelHealingLater', { ...stop, actor: { id: 'eve', trust: 'outsider' } });
    await handle.executeUpdate('decideApproval', { args: [decision] });
    expect((await result(handle)).outcome.kind).toBe('healed');
  });

  it('takes back a publication whose answer never came', async () => {
    const handle = await world.start('stop-unknown', { publish: () => untilCancelled() });
    await until(handle, () => world.scripts.calls('stop-unknown', 'publish').length > 0);
    await handle.executeUpdate('cancelHealing', { args: [stop] });
    expect((await result(handle)).outcome.kind).toBe('cancelled');
    const publish = world.scripts.calls('stop-unknown', 'publish')[0]?.input;
    expect(world.scripts.calls('stop-unknown', 'withdraw')[0]?.input).toMatchObject({ change: {}, key: publish.key });
  });

  it('keeps what could not be taken back in front of people', async () => {
    const handle = await world.start('undo-fails', {
      readChecks: async () => ({ state: 'pending', detail: 'running' }),
      withdraw: async () => {
        throw ApplicationFailure.nonRetryable('gone', 'repository-gone');
      },
    });
    await until(handle, (now) => now.pullRequest !== undefined);
    await handle.executeUpdate('cancelHealing', { args: [stop] });
    expect((await result(handle)).outcome.kind).toBe('cancelled');
    expect(world.scripts.calls('undo-fails', 'escalate')[0]?.input.outcome.detail).toContain('Could not be taken back');
  });
});

describe.concurrent('a merge that a rule of the repository refuses', () => {
  const timings = { approvalReminderMs: 160, approvalReminders: 1, checkPollMs: 20 };
  /** Time enough for a machine that is busy with other tests: a wait that is met ends at once. */
  const patient = { ...timings, approvalReminders: 200 };
  const protectedAnswer = { kind: 'refused', reason: 'protected', detail: 'At least 1 approving review is required' } as const;

  it('waits for the person whom the rule wants, and merges once it is met', async () => {
    const merge = inTurn<unknown, Awaited<ReturnType<NonNullable<Answers['merge']>>>>(protectedAnswer, protectedAnswer, {
      kind: 'merged',
      sha: sha('f'),
    });
    const handle = await world.start('merge-review', { merge }, input('merge-review', { timings: patient }));
    expect(await result(handle)).toMatchObject({ outcome: { kind: 'healed' }, mergeSha: sha('f') });
    expect(world.scripts.calls('merge-review', 'merge').length).toBe(3);
  });

  it('leaves the pull request to people when nobody comes', async () => {
    const handle = await world.start('merge-nobody', { merge: async () => protectedAnswer }, input('merge-nobody', { timings }));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'expired', reason: 'approval-expired' });
    expect(world.scripts.calls('merge-nobody', 'withdraw')).toEqual([]);
  });

  it('waits for the queue of the forge without asking it again', async () => {
    const readPullRequest = inTurn<unknown, Awaited<ReturnType<NonNullable<Answers['readPullRequest']>>>>(
      { state: 'open', headSha: sha('e') },
      { state: 'open', headSha: sha('e') },
      { state: 'merged', headSha: sha('e'), mergeSha: sha('f'), closedBy: 'merge-queue' },
    );
    const queued = { kind: 'refused', reason: 'queued', detail: 'the merge queue has it' } as const;
    const handle = await world.start(
      'merge-queue',
      { merge: async () => queued, readPullRequest },
      input('merge-queue', { timings: patient }),
    );
    expect(await result(handle)).toMatchObject({ outcome: { kind: 'healed' }, mergeSha: sha('f') });
    expect(world.scripts.calls('merge-queue', 'merge')).toHaveLength(1);
  });
});

describe.concurrent('a pause', () => {
  it('holds the healing before its next side effect until it is resumed', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handle = await world.start('pause', {
      judgeProof: async () => {
        await held;
        return proof('proven');
      },
    });
    await until(handle, () => world.scripts.calls('pause', 'judgeProof').length > 0);
    await handle.signal('setPaused', { paused: true, actor: ada });
    await until(handle, (now) => now.paused);
    release();
    await until(handle, (now) => now.timeline.some((line) => line.text.startsWith('Proven')));
    expect((await view(handle)).paused).toBe(true);
    expect(world.scripts.calls('pause', 'publish')).toEqual([]);
    await handle.signal('setPaused', { paused: false, actor: ada });
    expect((await result(handle)).outcome.kind).toBe('healed');
  });
});

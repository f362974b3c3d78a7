import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities, OverBudget, PlanSummary, Reasoned } from '../../src/activities/contract.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.schema.ts';
import type { Proposal } from '../../src/domain/plan.schema.ts';
import type { RunFacts } from '../../src/domain/proof.schema.ts';
import type { HealingInput } from '../../src/domain/settings.ts';
import { artifact, input, inTurn, proof, run, serviceIncident, sha } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

const diagnosis: Diagnosis = { class: 'code', cause: 'a commit broke it', confidence: 0.5, evidence: [] };
const plan = (fingerprint: string, over: Partial<PlanSummary> = {}): PlanSummary => ({
  artifact: artifact('4'),
  strategy: 'model-patch',
  title: `plan ${fingerprint}`,
  rationale: 'because',
  risk: 'low',
  fingerprint,
  ...over,
});
const planned = (fingerprint: string, over: Partial<PlanSummary> = {}) =>
  ({ kind: 'plan', diagnosis, plan: plan(fingerprint, over), refusals: [] }) as const;
const none = { kind: 'none', diagnosis, refusals: [{ strategy: 'revert', code: 'nothing-changed', detail: 'nothing changed' }] } as const;
const question = {
  kind: 'ask',
  diagnosis,
  strategy: 'model-patch',
  question: artifact('8'),
  purpose: 'patch',
  fingerprint: 'question-1',
} as const;
const reasons = (...given: readonly Reasoned[]) => inTurn<Parameters<Activities['reason']>[0], Reasoned>(...given);
const overBudget: OverBudget = {
  kind: 'over-budget',
  detail: 'tokens of this incident: 200000 of 200000 used.',
  hash: 'd'.repeat(64),
  approvers: [],
};
const candidates = (repo: string, most: number): HealingInput =>
  input(repo, { settings: { caps: { attempts: 3, probes: 6, candidates: most, slotsPerRepository: 3, signals: 20 } } });
const decide = (handle: WorkflowHandle, verdict: 'approve' | 'reject') =>
  handle.executeUpdate('decideApproval', {
    args: [{ id: `click-${verdict}`, verdict, changeSetHash: 'd'.repeat(64), actor: { id: 'ada', trust: 'maintainer' }, via: 'cli' }],
  });

describe.concurrent('several plans', () => {
  it('are tried within one attempt while none makes the failing command green', async () => {
    const repo = 'candidates';
    const handle = await world.start(
      repo,
      {
        reason: reasons(planned('first'), planned('second')),
        judgeProof: inTurn(proof('not-fixed', ['still red']), proof('proven')),
      },
      candidates(repo, 3),
    );
    const ended = await result(handle);
    expect(ended.outcome.kind).toBe('healed');
    expect(ended.attempts).toBe(1);
    expect(world.scripts.calls(repo, 'reason')[1]?.input.tried.map((each: { fingerprint: string }) => each.fingerprint)).toEqual(['first']);
    // It was shown red once, for both.
    expect(world.scripts.calls(repo, 'runCommand').filter(({ input: { key } }) => /\/red\//.test(key))).toHaveLength(1);
  });

  it('are no way past the gate: a refused one ends the attempt', async () => {
    const repo = 'candidates-gate';
    const handle = await world.start(
      repo,
      { reason: reasons(planned('first'), none), judgeProof: async () => proof('gate-refused', ['a test was deleted']) },
      candidates(repo, 3),
    );
    const ended = await result(handle);
    expect(ended.outcome).toMatchObject({ kind: 'escalated', reason: 'gate-refused' });
    expect(world.scripts.calls(repo, 'reserveBudget').filter(({ input: { what } }) => what === 'attempt')).toHaveLength(2);
  });
});

describe.concurrent('a proof that luck could explain', () => {
  it('goes on in rounds, each without and with the change, as long as the judge asks for more', async () => {
    const repo = 'rounds';
    const handle = await world.start(repo, {
      judgeProof: async ({ rounds = [] }) => (rounds.length < 3 ? proof('unconfirmed') : { ...proof('proven'), rounds: 3 }),
    });
    expect((await result(handle)).outcome.kind).toBe('healed');
    const runs = world.scripts.calls(repo, 'runCommand').filter(({ input: { key } }) => key.includes('/confirm/'));
    const shown = runs.map(({ input: { key, changeSet } }) => `${key.split('/').slice(-2).join('/')}: ${changeSet !== undefined}`);
    expect(new Set(shown)).toEqual(new Set([0, 1, 2].flatMap((round) => [`${round}/without: false`, `${round}/with: true`])));
    expect(shown).toHaveLength(6);
    const judged = world.scripts.calls(repo, 'judgeProof');
    expect(judged.map(({ input: { rounds } }) => rounds?.length ?? 0)).toEqual([0, 1, 2, 3]);
    expect(judged.at(-1)?.input.rounds).toEqual(
      Array.from({ length: 3 }, () => ({
        without: expect.objectContaining({ exitCode: 1 }),
        withIt: expect.objectContaining({ exitCode: 0 }),
      })),
    );
  });

  it('is none of a flaky failure where it is the change that does not hold: the next plan is tried', async () => {
    const repo = 'not-each-time';
    const handle = await world.start(repo, {
      reason: reasons(planned('first'), planned('second')),
      judgeProof: inTurn(
        proof('unconfirmed'),
        { ...proof('flaky', ['green twice with the change, not green each time']), redAgain: true },
        proof('proven'),
      ),
    });
    const ended = await result(handle);
    expect(ended.outcome.kind).toBe('healed');
    expect(ended.attempts).toBe(2);
  });

  it('tells the diagnosis of the run that was green without the change', async () => {
    const repo = 'luck';
    const handle = await world.start(repo, {
      runCommand: async ({ key, command, changeSet }) =>
        run({ name: command, exitCode: changeSet !== undefined || key.endsWith('/confirm/1/without') ? 0 : 1 }),
      judgeProof: async ({ rounds = [] }) =>
        rounds.at(-1)?.without.exitCode === 0
          ? { ...proof('flaky', ['green without the change, too, by now']), greenAgain: true }
          : proof('unconfirmed'),
    });
    expect((await result(handle)).outcome).toMatchObject({ kind: 'abstained', reason: 'flaky' });
    expect(world.scripts.calls(repo, 'reason').at(-1)?.input.reproduction?.runs.at(-1)?.exitCode).toBe(0);
    expect(world.scripts.calls(repo, 'publish')).toEqual([]);
  });
});

describe.concurrent('what a strategy needs to know', () => {
  it('is tried as a change before it is planned', async () => {
    const repo = 'trial';
    const trial = {
      kind: 'trial',
      diagnosis,
      strategy: 'dependency',
      plan: artifact('9'),
      title: 'left-pad 1.0.0',
      fingerprint: 'trial-1',
    } as const;
    const handle = await world.start(repo, { reason: reasons(trial, planned('pin')), judgeProbe: async () => 'green' });
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'reason')[1]?.input).toMatchObject({
      asking: 'dependency',
      trials: [{ fingerprint: 'trial-1', colour: 'green' }],
    });
    expect(world.scripts.calls(repo, 'buildChangeSet')[0]?.input).toMatchObject({ plan: { sha256: artifact('9').sha256 } });
  });

  it('is asked of a model, and its answer goes by reference', async () => {
    const repo = 'asked';
    const handle = await world.start(repo, { reason: reasons(question, planned('patch')) });
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'askModel')[0]?.input).toMatchObject({ question: artifact('8'), raised: 0 });
    expect(world.scripts.calls(repo, 'reason')[1]?.input.asked).toEqual([{ fingerprint: 'question-1', answer: artifact('7') }]);
  });

  it('is given up after as many questions as the server allows', async () => {
    const repo = 'endless';
    let asked = 0;
    const handle = await world.start(repo, {
      reason: async ({ tried }) => {
        asked += 1;
        return tried.length === 0 ? { ...question, fingerprint: `question-${asked}` } : none;
      },
    });
    expect((await result(handle)).outcome).toMatchObject({ kind: 'escalated', reason: 'attempts-used' });
    expect(world.scripts.calls(repo, 'askModel')).toHaveLength(4);
  });
});

describe.concurrent('a set-up that fails', () => {
  it('is what probes and proof look for, and is shown once more without the change', async () => {
    const repo = 'setup-red';
    const probe = { kind: 'probe', diagnosis, strategy: 'revert', sha: sha('b'), round: 0 } as const;
    const handle = await world.start(repo, {
      reason: reasons(probe, planned('lockfile')),
      runCommand: async ({ command, changeSet }) =>
        run({ name: command, exitCode: changeSet ? 0 : 1, setupFailed: changeSet === undefined }),
    });
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'judgeProbe').map(({ input: { setup } }) => setup)).toEqual([true, true]);
    expect(world.scripts.calls(repo, 'judgeProof').at(-1)?.input.redAgain).toMatchObject({ setupFailed: true });
  });

  it('is told as one of the environment where nothing can be done about it', async () => {
    const handle = await world.start('setup-none', {
      reason: async () => none,
      judgeReproduction: async () => ({ verdict: 'reproduced', detail: 'the set-up command failed: exit code 1, each time' }),
      runCommand: async ({ command }) => run({ name: command, setupFailed: true }),
    });
    const { outcome } = await result(handle);
    expect(outcome).toMatchObject({ kind: 'escalated', reason: 'environment-failed' });
    expect(outcome.detail).toContain('the set-up command failed');
  });
});

describe.concurrent('a budget that ends', () => {
  it('lets the healing stand still until a person raises it', async () => {
    const repo = 'raised';
    const handle = await world.start(repo, {
      reason: reasons(question, planned('patch')),
      askModel: async ({ raised }) =>
        raised === 0 ? overBudget : { kind: 'answered', answer: artifact('7'), detail: 'scripted', tokens: 1, usd: 0 },
    });
    const shown = await until(handle, 'awaiting-approval');
    expect(shown.approval?.reasons[0]).toContain('tokens of this incident');
    await decide(handle, 'approve');
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'askModel').map(({ input: { raised } }) => raised)).toEqual([0, 1]);
  });

  it('lets it go on without a model where a person says no', async () => {
    const repo = 'not-raised';
    const handle = await world.start(repo, { reason: reasons(question, planned('other')), askModel: async () => overBudget });
    await until(handle, 'awaiting-approval');
    await decide(handle, 'reject');
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'reason')[1]?.input.asked).toMatchObject([{ fingerprint: 'question-1' }]);
    expect(world.scripts.calls(repo, 'reason')[1]?.input.asked[0].unavailable).toContain('ada said no');
  });

  it('hands over when nobody says anything, and nothing was run', async () => {
    const repo = 'nobody-raises';
    const handle = await world.start(
      repo,
      { reserveBudget: async () => overBudget },
      input(repo, { timings: { approvalReminderMs: 20, approvalReminders: 1 } }),
    );
    expect((await result(handle)).outcome).toMatchObject({ kind: 'escalated', reason: 'budget-used' });
    expect(world.scripts.calls(repo, 'runCommand')).toHaveLength(0);
  });

  it('is asked about before a pull request is opened', async () => {
    const repo = 'no-room';
    const handle = await world.start(repo, {
      reserveBudget: async ({ what, raised }) => (what === 'pull-request' && raised === 0 ? overBudget : { kind: 'reserved' }),
    });
    await until(handle, 'awaiting-approval');
    expect(world.scripts.calls(repo, 'publish')).toHaveLength(0);
    await decide(handle, 'approve');
    expect((await result(handle)).outcome.kind).toBe('healed');
  });

  it('is settled with the time that commands ran', async () => {
    const repo = 'settled';
    const handle = await world.start(repo, {
      runCommand: async ({ command, changeSet }) => run({ name: command, exitCode: changeSet ? 0 : 1, durationMs: 60_000 }),
    });
    await result(handle);
    const [settled] = world.scripts.calls(repo, 'settleBudget');
    expect(settled?.input.minutes).toBeGreaterThanOrEqual(3);
    expect(settled?.input.key).toBe(world.scripts.calls(repo, 'reserveBudget')[0]?.input.key);
  });
});

describe.concurrent('a model that cannot be reached', () => {
  it('leaves the healing to the next rung', async () => {
    const repo = 'away';
    const handle = await world.start(repo, {
      reason: reasons(question, planned('other')),
      askModel: async () => {
        const { ApplicationFailure } = await import('@temporalio/common');
        throw ApplicationFailure.nonRetryable('the key is refused', 'not-permitted');
      },
    });
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'reason')[1]?.input.asked[0].unavailable).toContain('could not be reached');
  });
});

describe.concurrent('proposals', () => {
  const quarantine: Proposal = {
    kind: 'quarantine',
    test: 'test_clock',
    owner: 'team-time',
    until: '2026-12-09T00:00:00.000Z',
    why: 'red in 1 of 2 runs',
  };

  it('of what was red, green with the change, and then green without it go to people, and no change is published', async () => {
    const repo = 'came-and-went';
    let without = 0;
    const handle = await world.start(repo, {
      runCommand: async ({ command, changeSet }) => {
        if (changeSet === undefined && command === 'unit') without += 1;
        return run({ name: command, exitCode: changeSet !== undefined || without > 1 ? 0 : 1 });
      },
      judgeProof: async ({ redAgain }) =>
        redAgain?.exitCode === 0
          ? { ...proof('flaky', ['green without the change, too, by now']), greenAgain: true }
          : proof('unclear', ['the run after the change was not told']),
    });
    const { outcome } = await result(handle);
    expect(outcome).toMatchObject({ kind: 'abstained', reason: 'flaky' });
    expect(outcome.detail).toContain('green without the change, too, by now');
    const asked = world.scripts.calls(repo, 'reason').at(-1)?.input.reproduction;
    expect(asked).toMatchObject({ verdict: 'flaky' });
    expect(asked?.runs.map((each: RunFacts) => each.exitCode)).toEqual([1, 0]);
    expect(world.scripts.calls(repo, 'publish')).toEqual([]);
  });

  it('of a flaky test go to people with the end of the healing, and nothing is changed', async () => {
    const repo = 'flaky-proposal';
    const handle = await world.start(repo, {
      judgeReproduction: async () => ({ verdict: 'flaky', detail: 'red and green on the same revision' }),
      reason: async () => planned('quarantine', { strategy: 'rerun', onlyProposes: true, proposals: [quarantine] }),
    });
    expect((await result(handle)).outcome).toMatchObject({ kind: 'abstained', reason: 'flaky' });
    expect(world.scripts.calls(repo, 'reason')[0]?.input.reproduction).toMatchObject({ verdict: 'flaky' });
    const last = world.scripts.calls(repo, 'updateClaim').at(-1);
    expect(last?.input.facts.lines.join('\n')).toContain('quarantine test_clock until 2026-12-09, for team-time to mend');
    expect(world.scripts.calls(repo, 'buildChangeSet')).toHaveLength(0);
  });

  it('of a production action are done once the change is live, as the policy and the server have them', async () => {
    const repo = 'act-after';
    const restart: Proposal = { kind: 'production-action', name: 'restart', choices: {}, why: 'it reads its configuration at start' };
    const handle = await world.start(repo, {
      normalize: async () => ({ kind: 'incident', incident: serviceIncident() }),
      reason: async () => planned('rollback', { proposals: [restart] }),
      planAction: async ({ only }) => ({
        kind: 'action',
        name: only?.name ?? 'none',
        choices: {},
        decision: 'allow',
        reason: '',
        title: 'restart auth',
        risk: 'low',
        environment: 'production',
        hash: 'e'.repeat(64),
        undoable: false,
        approvers: [],
        approval: { escalate: [] },
      }),
    });
    expect((await result(handle)).outcome).toMatchObject({ kind: 'healed', reason: 'verified' });
    const names = world.scripts.calls(repo).map(({ name }) => name);
    expect(names.indexOf('deploy')).toBeLessThan(names.indexOf('performAction'));
    expect(names.indexOf('performAction')).toBeLessThan(names.indexOf('judgeHealth'));
    expect(world.scripts.calls(repo, 'performAction')[0]?.input).toMatchObject({ name: 'restart', service: 'auth', undo: false });
  });

  it('of an action that the policy does not name are left', async () => {
    const repo = 'act-not';
    const handle = await world.start(repo, {
      normalize: async () => ({ kind: 'incident', incident: serviceIncident() }),
      reason: async () =>
        planned('rollback', { proposals: [{ kind: 'production-action', name: 'drop', choices: {}, why: 'the log says so' }] }),
    });
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls(repo, 'performAction')).toHaveLength(0);
  });
});

describe.concurrent('a report from outside', () => {
  it('is analysed, and no command of it is run', async () => {
    const repo = 'outsider-runs';
    const handle = await world.start(repo, {
      normalize: async () => ({ kind: 'incident', incident: { ...serviceIncident(), untrusted: true, headSha: sha('b') } }),
    });
    expect((await result(handle)).outcome).toMatchObject({ kind: 'escalated', reason: 'outsider' });
    expect(world.scripts.calls(repo, 'runCommand')).toHaveLength(0);
    expect(world.scripts.calls(repo, 'reason')[0]?.input.reproduction).toBeUndefined();
  });
});

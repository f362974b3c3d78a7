import { ApplicationFailure } from '@temporalio/common';
import type { Activities, Reasoned } from '../../src/activities/contract.ts';
import type { OutcomeKind, ReasonCode } from '../../src/domain/outcome.ts';
import type { HealingInput } from '../../src/domain/settings.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import type { Answers } from './script.ts';
import { alertSummary, artifact, incident, input, inTurn, proof, serviceIncident, sha, signal } from './script.ts';

/** One way in which a healing can end, as a script. */
export interface Ending {
  readonly name: string;
  readonly kind: OutcomeKind;
  readonly reason: ReasonCode;
  readonly answers: Answers;
  readonly given?: (repo: string) => HealingInput;
  /** Sent right after the start. */
  readonly also?: (repo: string) => ReadonlyArray<{ readonly signal: string; readonly payload: unknown }>;
  /** Sent once the healing waits in the given state. */
  readonly then?: {
    readonly state: 'awaiting-approval' | 'waiting-for-checks' | 'waiting-for-slot';
    readonly send: (repo: string) => { readonly signal: string; readonly payload: unknown };
  };
}

const decision = { id: 'click-1', changeSetHash: 'c'.repeat(64), actor: { id: 'ada', trust: 'maintainer' }, via: 'cli' } as const;
const ask: Answers['decideChange'] = async () => ({
  decision: 'ask',
  autonomy: 'merge',
  reasons: [{ code: 'protected-path', detail: 'config.yaml is protected' }],
});
const withService: Answers = { normalize: async () => ({ kind: 'incident', incident: serviceIncident() }) };
const propose: Answers = { decideChange: async () => ({ decision: 'allow', autonomy: 'propose', reasons: [] }) };
const failing = (type: string): never => {
  throw ApplicationFailure.nonRetryable(`failed: ${type}`, type);
};
const event = (over: (repo: string) => Partial<Signal>) => (repo: string) => ({
  signal: 'incidentEvent',
  payload: signal(repo, over(repo)),
});

/** Every way that healings end in tests and in recorded histories: at least one for each outcome. */
export const ENDINGS: readonly Ending[] = [
  { name: 'healed-verified', kind: 'healed', reason: 'verified', answers: withService },
  {
    name: 'healed-merged-unverified',
    kind: 'healed',
    reason: 'merged-unverified',
    answers: { readChecks: async ({ sha: of }) => ({ state: of === sha('f') ? 'none' : 'green', detail: 'checks' }) },
  },
  {
    name: 'healed-proposed',
    kind: 'healed',
    reason: 'proposed',
    answers: { ...propose, readChecks: async () => ({ state: 'none', detail: 'no checks' }) },
    given: (repo) => input(repo, { rest: { request: { run: 'npm test', timeoutSeconds: 60 } } }),
  },
  {
    name: 'healed-confirmed',
    kind: 'healed',
    reason: 'verified',
    answers: { ...withService, judgeProof: async ({ rounds = [] }) => proof(rounds.length < 2 ? 'unconfirmed' : 'proven') },
  },
  {
    name: 'abstained-luck',
    kind: 'abstained',
    reason: 'flaky',
    answers: {
      judgeProof: async ({ rounds = [] }) =>
        rounds.length < 2 ? proof('unconfirmed') : { ...proof('flaky', ['green without the change, too, by now']), greenAgain: true },
    },
  },
  { name: 'healed-dry-run', kind: 'healed', reason: 'dry-run', answers: {}, given: (repo) => input(repo, { settings: { dryRun: true } }) },
  {
    name: 'escalated-attempts-used',
    kind: 'escalated',
    reason: 'attempts-used',
    answers: { judgeProof: async () => proof('not-fixed', ['still red']) },
  },
  {
    name: 'escalated-gate-refused',
    kind: 'escalated',
    reason: 'gate-refused',
    answers: { judgeProof: async () => proof('gate-refused', ['a test was deleted']) },
  },
  {
    name: 'escalated-no-strategy',
    kind: 'escalated',
    reason: 'no-strategy',
    answers: {
      reason: async () => ({
        kind: 'none',
        diagnosis: { class: 'unknown', cause: 'not known', confidence: 0.1, evidence: [] },
        refusals: [],
      }),
    },
  },
  {
    name: 'escalated-budget-used',
    kind: 'escalated',
    reason: 'budget-used',
    answers: {
      reserveBudget: async () => ({
        kind: 'over-budget',
        detail: 'attempts of today: 20 of 20 used.',
        hash: 'd'.repeat(64),
        approvers: [],
      }),
    },
    given: (repo) => input(repo, { timings: { approvalReminderMs: 20, approvalReminders: 1 } }),
  },
  {
    name: 'healed-after-trial-and-model',
    kind: 'healed',
    reason: 'verified',
    answers: {
      ...withService,
      reason: inTurn<Parameters<Activities['reason']>[0], Reasoned>(
        {
          kind: 'trial',
          diagnosis: { class: 'dependency', cause: 'a dependency moved', confidence: 0.6, evidence: [] },
          strategy: 'dependency',
          plan: artifact('9'),
          title: 'left-pad as it was',
          fingerprint: 'trial-1',
        },
        {
          kind: 'ask',
          diagnosis: { class: 'code', cause: 'not known', confidence: 0.3, evidence: [] },
          strategy: 'model-patch',
          question: artifact('8'),
          purpose: 'patch',
          fingerprint: 'question-1',
        },
        {
          kind: 'plan',
          diagnosis: { class: 'code', cause: 'an edge case', confidence: 0.6, evidence: [] },
          plan: {
            artifact: artifact('4'),
            strategy: 'model-patch',
            title: 'handle the edge case',
            rationale: 'the test says so',
            risk: 'medium',
            fingerprint: 'plan-1',
            proposals: [{ kind: 'production-action', name: 'restart', choices: {}, why: 'it reads its configuration at start' }],
          },
          refusals: [],
        },
      ),
    },
  },
  {
    name: 'escalated-outsider',
    kind: 'escalated',
    reason: 'outsider',
    answers: { normalize: async () => ({ kind: 'incident', incident: incident({ untrusted: true }) }) },
  },
  {
    name: 'escalated-still-failing',
    kind: 'escalated',
    reason: 'still-failing-after-deploy',
    answers: { ...withService, judgeHealth: async () => ({ verdict: 'unchanged', detail: 'errors stay' }) },
  },
  {
    name: 'reverted-worse',
    kind: 'reverted',
    reason: 'worse-after-deploy',
    answers: { ...withService, judgeHealth: async () => ({ verdict: 'worse', detail: 'errors rise' }) },
  },
  {
    name: 'acted-and-reverted',
    kind: 'reverted',
    reason: 'worse-after-deploy',
    answers: {
      normalize: async () => ({
        kind: 'cannot',
        reason: 'no-command',
        title: 'alert',
        detail: 'no check is red',
        alert: alertSummary({ waitMs: 20 }),
      }),
      planAction: async () => ({
        kind: 'action',
        name: 'restart',
        choices: {},
        decision: 'ask',
        reason: 'the server wants a person for it',
        title: 'restart auth',
        risk: 'low',
        environment: 'production',
        hash: 'e'.repeat(64),
        undoable: true,
        approvers: [],
        approval: { escalate: [] },
      }),
      judgeHealth: async () => ({ verdict: 'worse', detail: 'errors rise' }),
    },
    then: {
      state: 'awaiting-approval',
      send: () => ({ signal: 'decideApprovalLater', payload: { ...decision, changeSetHash: 'e'.repeat(64), verdict: 'approve' } }),
    },
  },
  {
    name: 'split-and-approved',
    kind: 'healed',
    reason: 'verified',
    answers: { decideChange: ask },
    also: (repo) => [
      event(() => ({ id: 'alert', kind: 'alert-triggered', facts: { mergedFrom: 'heal/acme/other/monitor/1', mergedWhy: 'same commit' } }))(
        repo,
      ),
      { signal: 'splitHealingLater', payload: { id: 'split-1', joined: 'heal/acme/other/monitor/1', actor: decision.actor } },
    ],
    then: { state: 'awaiting-approval', send: () => ({ signal: 'decideApprovalLater', payload: { ...decision, verdict: 'approve' } }) },
  },
  {
    name: 'escalated-sandbox',
    kind: 'escalated',
    reason: 'sandbox-unavailable',
    answers: { runCommand: async () => failing('sandbox-unavailable') },
  },
  {
    name: 'abstained-not-reproduced',
    kind: 'abstained',
    reason: 'not-reproduced',
    answers: { judgeReproduction: async () => ({ verdict: 'not-reproduced', detail: 'green twice' }) },
  },
  {
    name: 'abstained-flaky',
    kind: 'abstained',
    reason: 'flaky',
    answers: {
      reason: async () => ({
        kind: 'plan',
        diagnosis: { class: 'flaky', cause: 'red and green on the same revision', confidence: 0.9, evidence: [] },
        plan: {
          artifact: artifact('4'),
          strategy: 'rerun',
          title: 'quarantine test_clock',
          rationale: 'it fails at random',
          risk: 'low',
          fingerprint: 'plan-1',
          onlyProposes: true,
          proposals: [
            { kind: 'quarantine', test: 'test_clock', owner: 'ada', until: '2026-12-09T00:00:00.000Z', why: 'red in 1 of 2 runs' },
          ],
        },
        refusals: [],
      }),
      judgeReproduction: async () => ({ verdict: 'flaky', detail: 'red and green' }),
    },
  },
  {
    name: 'recovered-alone',
    kind: 'recovered-alone',
    reason: 'already-green',
    answers: { normalize: async () => ({ kind: 'no-problem', reason: 'already-green', detail: 'green again' }) },
  },
  {
    name: 'superseded',
    kind: 'superseded',
    reason: 'change-closed',
    answers: {
      decideChange: ask,
      judgeSignal: async () => ({
        kind: 'end',
        outcome: { kind: 'superseded', reason: 'change-closed', detail: 'the broken pull request was closed' },
      }),
    },
    then: { state: 'awaiting-approval', send: event(() => ({ kind: 'change-closed' })) },
  },
  {
    name: 'merged-into',
    kind: 'merged-into',
    reason: 'correlated',
    answers: {},
    given: (repo) => input(repo, { rest: { subject: 'branch/main' } }),
    then: {
      state: 'waiting-for-slot',
      send: () => ({ signal: 'admission', payload: { kind: 'merge-into', healingId: 'heal/acme/other/pr/1', why: 'same commit' } }),
    },
  },
  {
    name: 'rejected',
    kind: 'rejected',
    reason: 'person-said-no',
    answers: { decideChange: ask },
    then: { state: 'awaiting-approval', send: () => ({ signal: 'decideApprovalLater', payload: { ...decision, verdict: 'reject' } }) },
  },
  {
    name: 'expired',
    kind: 'expired',
    reason: 'approval-expired',
    answers: { decideChange: ask },
    given: (repo) => input(repo, { timings: { approvalReminderMs: 20, approvalReminders: 2 } }),
  },
  {
    name: 'cancelled',
    kind: 'cancelled',
    reason: 'stopped-by-person',
    answers: { ...propose },
    then: {
      state: 'waiting-for-checks',
      send: () => ({
        signal: 'cancelHealingLater',
        payload: { id: 'stop-1', actor: { id: 'ada', trust: 'maintainer' }, comment: 'not now' },
      }),
    },
  },
  {
    name: 'approved-and-healed',
    kind: 'healed',
    reason: 'verified',
    answers: { decideChange: ask },
    then: { state: 'awaiting-approval', send: () => ({ signal: 'decideApprovalLater', payload: { ...decision, verdict: 'approve' } }) },
  },
];

/** Whether the coordinator is to say that the healing must wait. */
export const waitsForSlot = (ending: Ending): boolean => ending.then?.state === 'waiting-for-slot';

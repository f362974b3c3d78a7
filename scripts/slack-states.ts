import type { HealingCard } from '../src/domain/healing-card.ts';

const HASH = '3f9a1c07d2e84b5566778899aabbccddeeff00112233445566778899aabbccdd';

const begun: HealingCard = {
  healingId: 'heal/acme/auth/pr/123',
  repo: { owner: 'acme', name: 'auth' },
  subject: 'pr/123',
  since: '2026-11-23T10:02:11.000Z',
  state: 'normalizing',
  attempt: 0,
  title: 'test_login and test_token_validation fail',
  lines: ['check `tests` is red on pull request 123', 'errors on /api/auth/login rose to 15.2 % (monitor 4711)'],
  webUiUrl: 'https://temporal.example/namespaces/default/workflows/heal',
};

const known: HealingCard = {
  ...begun,
  attempt: 1,
  cause: 'config.yaml sets token_lifetime to 0, so every token has expired before it is checked',
  class: 'bad-configuration',
  proof: 'red twice without the change, green twice with it, 14 neighbours unchanged',
  change: {
    title: 'Roll config.yaml back to the last green revision',
    strategy: 'config-rollback',
    risk: 'medium',
    hash: HASH,
    paths: ['config.yaml'],
    additions: 1,
    deletions: 1,
  },
  lines: ['reproduced: red twice', 'cause found in 4 commits', 'proved in the sandbox'],
};

const waiting: HealingCard = {
  ...known,
  state: 'awaiting-approval',
  approval: {
    changeSetHash: HASH,
    approvers: ['slack-group:S0ONCALL01', 'slack:U0MARA0001'],
    reasons: ['protected path: config.yaml', 'risk is medium'],
  },
};

const pullRequest = { number: 124, url: 'https://github.com/acme/auth/pull/124' };

/** The card through its life, by the name of its picture: what a healing shows, with made-up content. */
export const STATES: Readonly<Record<string, HealingCard>> = {
  'on-it': begun,
  waiting,
  approved: { ...waiting, state: 'waiting-for-checks', pullRequest, decision: { verdict: 'approve', by: 'slack:U0MARA0001' } },
  rejected: {
    ...waiting,
    state: 'closed',
    decision: { verdict: 'reject', by: 'slack:U0MARA0001' },
    outcome: { kind: 'rejected', reason: 'person-said-no', detail: 'the change was taken back; it is not proposed again' },
  },
  healed: {
    ...known,
    state: 'cooling',
    pullRequest,
    decision: { verdict: 'approve', by: 'slack:U0MARA0001' },
    outcome: { kind: 'healed', reason: 'verified', detail: 'merged, deployed, and errors fell from 15.2 % to 0 % within 20 minutes' },
  },
  escalated: {
    ...known,
    state: 'closed',
    attempt: 3,
    outcome: {
      kind: 'escalated',
      reason: 'attempts-used',
      detail: 'three repairs were tried and none turned the tests green; the branch and the diff are in the thread',
    },
  },
  expired: {
    ...waiting,
    state: 'closed',
    outcome: { kind: 'expired', reason: 'approval-expired', detail: 'nobody decided within 24 hours after 3 reminders' },
  },
};

/** Names that stand behind mentions in the pictures. */
export const NAMES: Readonly<Record<string, string>> = { U0MARA0001: 'Mara', S0ONCALL01: 'oncall' };

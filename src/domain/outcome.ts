/** How a healing can end. */
export const OUTCOMES = [
  'healed',
  'escalated',
  'abstained',
  'superseded',
  'merged-into',
  'recovered-alone',
  'rejected',
  'expired',
  'cancelled',
  'reverted',
] as const;
/** How a healing ended. */
export type OutcomeKind = (typeof OUTCOMES)[number];

/** Why a healing ended as it did; a closed list, so that reasons can be counted. */
export const REASON_CODES = [
  'verified',
  'merged-unverified',
  'proposed',
  'pushed',
  'diagnosed-only',
  'dry-run',
  'already-green',
  'not-reproduced',
  'flaky',
  'no-command',
  'no-strategy',
  'attempts-used',
  'attempts-used-before',
  'budget-used',
  'gate-refused',
  'policy-refused',
  'policy-invalid',
  'outsider',
  'environment-failed',
  'sandbox-unavailable',
  'checks-failed',
  'checks-timed-out',
  'merge-refused',
  'deploy-failed',
  'deploy-timed-out',
  'still-failing-after-deploy',
  'worse-after-deploy',
  'health-inconclusive',
  'kept-by-person',
  'action-uncertain',
  'halted-after-harm',
  'head-moved',
  'change-closed',
  'green-by-itself',
  'alert-recovered',
  'correlated',
  'person-said-no',
  'person-said-no-before',
  'approval-expired',
  'stopped-by-person',
  'cooling-down',
  'repository-gone',
  'internal-error',
] as const;
/** Why a healing ended as it did. */
export type ReasonCode = (typeof REASON_CODES)[number];

/** How a healing ended, always with its reason. `detail` is one redacted line for people, at most 500 characters. */
export interface Outcome {
  readonly kind: OutcomeKind;
  readonly reason: ReasonCode;
  readonly detail: string;
}

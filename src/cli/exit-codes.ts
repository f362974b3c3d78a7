import type { OutcomeKind, ReasonCode } from '../domain/outcome.ts';

/** Exit codes of every command, with what they mean; `docs/cli.md` is made from this table. */
export const EXIT_CODES = {
  ok: { code: 0, means: 'done: healed, proven or answered' },
  bug: { code: 1, means: 'an error of Suture itself' },
  usage: { code: 2, means: 'the command line is wrong' },
  escalated: { code: 3, means: 'not healed: what was found is printed, a person has to go on' },
  abstained: { code: 4, means: 'nothing to heal: the failure could not be reproduced, or is flaky' },
  refused: { code: 5, means: 'the gate, the policy or a person refused the change' },
  environment: { code: 6, means: 'a tool, the sandbox, a port or the configuration is missing or wrong, or the disk is full' },
  notFound: { code: 7, means: 'no such healing or repository, or Suture is not running' },
  expired: { code: 8, means: 'nobody decided in time' },
  stepFailed: { code: 9, means: 'a step of a sandbox job failed' },
} as const;

/** The exit code for how a healing ended. */
export function exitCodeFor(outcome: { readonly kind: OutcomeKind; readonly reason: ReasonCode }): number {
  switch (outcome.reason) {
    case 'sandbox-unavailable':
    case 'environment-failed':
    case 'policy-invalid':
      return EXIT_CODES.environment.code;
    case 'gate-refused':
    case 'policy-refused':
    case 'person-said-no':
    case 'person-said-no-before':
      return EXIT_CODES.refused.code;
    case 'internal-error':
      return EXIT_CODES.bug.code;
    default:
  }
  switch (outcome.kind) {
    case 'healed':
    case 'recovered-alone':
    case 'merged-into':
      return EXIT_CODES.ok.code;
    case 'abstained':
    case 'superseded':
      return EXIT_CODES.abstained.code;
    case 'rejected':
    case 'cancelled':
      return EXIT_CODES.refused.code;
    case 'expired':
      return EXIT_CODES.expired.code;
    case 'escalated':
    case 'reverted':
      return EXIT_CODES.escalated.code;
  }
}

import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureCode } from '../domain/failure.ts';
import type { Outcome, OutcomeKind, ReasonCode } from '../domain/outcome.ts';
import { oneLine } from './plain.ts';

const BY_CODE: Readonly<Record<FailureCode, readonly [OutcomeKind, ReasonCode]>> = {
  'sandbox-unavailable': ['escalated', 'sandbox-unavailable'],
  'tool-missing': ['escalated', 'sandbox-unavailable'],
  'disk-full': ['escalated', 'sandbox-unavailable'],
  'configuration-invalid': ['escalated', 'internal-error'],
  'policy-invalid': ['escalated', 'policy-invalid'],
  'repository-gone': ['escalated', 'repository-gone'],
  'revision-gone': ['superseded', 'head-moved'],
  'too-large': ['escalated', 'environment-failed'],
  'plan-invalid': ['escalated', 'internal-error'],
  'artifact-missing': ['escalated', 'internal-error'],
  'temporal-unavailable': ['escalated', 'internal-error'],
  'forge-unavailable': ['escalated', 'internal-error'],
  'notifier-unavailable': ['escalated', 'internal-error'],
  'model-unavailable': ['escalated', 'internal-error'],
  'executor-unavailable': ['escalated', 'sandbox-unavailable'],
  'health-unavailable': ['escalated', 'health-inconclusive'],
  'rate-limited': ['escalated', 'internal-error'],
  'not-permitted': ['escalated', 'internal-error'],
  conflict: ['escalated', 'internal-error'],
  cancelled: ['cancelled', 'stopped-by-person'],
  bug: ['escalated', 'internal-error'],
};

/** Activities whose silence means that the sandbox or its worker is gone. */
const IN_SANDBOX: ReadonlySet<string> = new Set(['runCommand', 'buildChangeSet']);

/** How a healing ends when a step failed for good; null for what is not an activity's failure, which is a fault in workflow code. */
export function outcomeOfFailure(error: unknown): Outcome | null {
  if (!(error instanceof ActivityFailure)) return null;
  const { cause, activityType } = error;
  if (cause instanceof ApplicationFailure && Object.hasOwn(BY_CODE, cause.type ?? '')) {
    const [kind, reason] = BY_CODE[cause.type as FailureCode];
    return { kind, reason, detail: oneLine(cause.message, 500) };
  }
  if (cause instanceof TimeoutFailure) {
    const reason = IN_SANDBOX.has(activityType) ? 'sandbox-unavailable' : 'internal-error';
    return { kind: 'escalated', reason, detail: oneLine(`The step ${activityType} did not finish in time.`, 500) };
  }
  return {
    kind: 'escalated',
    reason: 'internal-error',
    detail: oneLine(`The step ${activityType} failed: ${cause?.message ?? 'no cause given'}`, 500),
  };
}

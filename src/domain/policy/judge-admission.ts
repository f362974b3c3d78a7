import { DEFAULT_CORRELATION } from '../correlation.schema.ts';
import type { AdmissionAnswer, CoordinatorView, SlotRequest } from '../messages.ts';
import { correlate } from './correlate.ts';

/** A healing that the coordinator knows to be open. */
export interface OpenHealing {
  readonly healingId: string;
  readonly subject: string;
  readonly signature: string;
  readonly kind: 'code' | 'alert';
  readonly service?: string;
  readonly shas: readonly string[];
  readonly since: string;
}

/** Whether a healing may go on, given what the coordinator knows. `granted` means: may have a slot when one is free. */
export function judgeAdmission(input: {
  readonly request: SlotRequest;
  readonly now: string;
  readonly ledger: CoordinatorView['ledger'];
  readonly open: readonly OpenHealing[];
  /** Healings that a person split from this one. */
  readonly apart?: readonly string[];
}): AdmissionAnswer {
  const { request } = input;
  const others = [...input.open]
    .filter((other) => other.healingId !== request.healingId && input.apart?.includes(other.healingId) !== true)
    .sort((a, b) => a.since.localeCompare(b.since) || a.healingId.localeCompare(b.healingId));
  for (const other of others) {
    const why = correlate(request, other, request.correlation ?? DEFAULT_CORRELATION);
    if (why !== null) return { kind: 'merge-into', healingId: other.healingId, why };
  }
  const harm = input.ledger.find(
    ({ signature, harmed }) =>
      harmed !== undefined && (signature === request.signature || (harmed.service !== undefined && harmed.service === request.service)),
  );
  if (harm !== undefined)
    return {
      kind: 'refused',
      reason: 'halted-after-harm',
      detail: `a fix made ${harm.harmed?.service ?? 'production'} worse and was taken back; nothing is healed there until a person resumes the repository`,
    };
  const known = input.ledger.find((entry) => entry.signature === request.signature);
  if (known !== undefined) {
    if (known.personSaidNo)
      return {
        kind: 'refused',
        reason: 'person-said-no-before',
        detail: 'a person closed or rejected the fix for this failure; it is not tried again',
      };
    if (known.attempts >= request.attemptsCap)
      return { kind: 'refused', reason: 'attempts-used-before', detail: `all ${request.attemptsCap} attempts on this failure were used` };
    if (known.coolUntil > input.now)
      return {
        kind: 'refused',
        reason: 'cooling-down',
        detail: `the same failure ended as ${known.lastOutcome} and cools until ${known.coolUntil}`,
      };
  }
  return { kind: 'granted', attemptsUsed: known?.attempts ?? 0 };
}

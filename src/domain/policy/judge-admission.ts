import type { AdmissionAnswer, CoordinatorView, SlotRequest } from '../messages.ts';

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

function intersects(a: readonly string[], b: readonly string[]): boolean {
  return a.some((sha) => b.includes(sha));
}

/** Why two healings are about one fault, or null. Symmetric: the order of arrival does not matter here. */
export function correlation(
  a: Pick<OpenHealing, 'signature' | 'kind' | 'service' | 'shas'>,
  b: Pick<OpenHealing, 'signature' | 'kind' | 'service' | 'shas'>,
): string | null {
  if (a.signature === b.signature) return 'same signature';
  if (a.kind !== b.kind) {
    if (a.service !== undefined && a.service === b.service) return `an alert and a code failure of the service ${a.service}`;
    if (intersects(a.shas, b.shas)) return 'an alert and a code failure at the same commit';
    return null;
  }
  if (a.kind === 'alert') return a.service !== undefined && a.service === b.service ? `two alerts of the service ${a.service}` : null;
  return null;
}

/** Whether a healing may go on, given what the coordinator knows. `granted` means: may have a slot when one is free. */
export function judgeAdmission(input: {
  readonly request: SlotRequest;
  readonly now: string;
  readonly ledger: CoordinatorView['ledger'];
  readonly open: readonly OpenHealing[];
}): AdmissionAnswer {
  const { request } = input;
  const others = [...input.open]
    .filter((other) => other.healingId !== request.healingId)
    .sort((a, b) => a.since.localeCompare(b.since) || a.healingId.localeCompare(b.healingId));
  for (const other of others) {
    const why = correlation(request, other);
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

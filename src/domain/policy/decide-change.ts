import type { ChangeSetRef } from '../change-set.schema.ts';
import type { Diagnosis } from '../diagnosis.schema.ts';
import type { Incident } from '../incident.schema.ts';
import type { Plan } from '../plan.schema.ts';
import type { Proof } from '../proof.schema.ts';
import type { RepositoryPolicy } from '../repository-policy.schema.ts';
import type { Verdict } from '../verdict.schema.ts';
import { reaches } from './effective-policy.ts';
import { protection, whyProtected } from './protected-paths.ts';

/** How far a proven change may go, and whether a person must say yes first. Sizes are bytes of written content. */
export function decideChange(input: {
  readonly incident: Incident;
  readonly policy: RepositoryPolicy;
  readonly plan: Plan;
  readonly changeSet: ChangeSetRef;
  readonly bytes: number;
  /** All paths of the change set, not only the first ones of the reference. */
  readonly paths: readonly string[];
  readonly proof: Proof;
  readonly failureClass?: Diagnosis['class'] | undefined;
}): Verdict {
  const { policy, plan, proof } = input;
  const refuse: Verdict['reasons'] = [];
  const ask: Verdict['reasons'] = [];
  if (proof.verdict !== 'proven') refuse.push({ code: 'not-proven', detail: proof.reasons[0] ?? proof.verdict });
  if (!reaches(policy.autonomy, 'propose')) refuse.push({ code: 'autonomy', detail: `the policy stops at \`${policy.autonomy}\`` });
  if (input.incident.trust === 'outsider')
    refuse.push({ code: 'outsider', detail: 'reported by somebody without rights here: analysed only' });
  if (input.paths.length > policy.maxFiles)
    ask.push({ code: 'many-files', detail: `${input.paths.length} files, the policy allows ${policy.maxFiles}` });
  if (input.bytes > policy.maxBytes) ask.push({ code: 'large', detail: `${input.bytes} bytes, the policy allows ${policy.maxBytes}` });
  for (const path of input.paths) {
    const kind = protection(path, policy.protectedPaths);
    if (kind === 'untouchable') refuse.push({ code: 'path-untouchable', detail: path.slice(0, 300) });
    else if (kind !== null) ask.push({ code: 'path-protected', detail: `${path}: ${whyProtected(kind)}`.slice(0, 300) });
  }
  if (input.failureClass === 'security-sensitive')
    ask.push({ code: 'security-sensitive', detail: 'what fails concerns security: a person decides whatever was proven' });
  if (plan.always === 'ask')
    ask.push({ code: 'proves-little', detail: `what ${plan.strategy} makes green proves little: a person decides` });
  if (plan.risk === 'high') ask.push({ code: 'high-risk', detail: plan.title });
  if (refuse.length > 0) return { decision: 'refuse', autonomy: policy.autonomy, reasons: refuse.slice(0, 20) };
  if (ask.length > 0) return { decision: 'ask', autonomy: policy.autonomy, reasons: ask.slice(0, 20) };
  return {
    decision: 'allow',
    autonomy: policy.autonomy,
    reasons: [{ code: 'proven', detail: `proven, and within the policy up to \`${policy.autonomy}\`` }],
  };
}

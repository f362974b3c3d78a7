import type { Incident } from '../incident.schema.ts';
import type { Plan } from '../plan.schema.ts';
import type { RepositoryPolicy } from '../repository-policy.schema.ts';
import type { Verdict } from '../verdict.schema.ts';
import { reaches } from './effective-policy.ts';
import { protection, whyProtected } from './protected-paths.ts';

type Reason = Verdict['reasons'][number];

/** Paths that a plan names before it is carried out. */
export function plannedPaths(plan: Plan): readonly string[] {
  return plan.steps.flatMap((step) => {
    switch (step.kind) {
      case 'restore-file':
      case 'write-file':
      case 'write-text':
      case 'delete-file':
        return [step.path];
      case 'run-tool':
        return step.only;
      case 'revert-commit':
        return [];
    }
  });
}

/** Whether a plan may be tried at all, before any sandbox time is spent on it. */
export function decidePlan(input: { readonly incident: Incident; readonly policy: RepositoryPolicy; readonly plan: Plan }): Verdict {
  const { incident, policy, plan } = input;
  const reasons: Reason[] = [];
  let decision: Verdict['decision'] = 'allow';
  if (!reaches(policy.autonomy, 'propose')) {
    decision = 'refuse';
    reasons.push({ code: 'autonomy', detail: `the policy stops at \`${policy.autonomy}\`` });
  }
  if (incident.trust === 'outsider') {
    decision = 'refuse';
    reasons.push({ code: 'outsider', detail: 'reported by somebody without rights here: analysed only' });
  }
  for (const path of plannedPaths(plan)) {
    const kind = protection(path, policy.protectedPaths);
    if (kind === 'untouchable') {
      decision = 'refuse';
      reasons.push({ code: 'path-untouchable', detail: path.slice(0, 300) });
    } else if (kind !== null && decision === 'allow') {
      decision = 'ask';
      reasons.push({ code: 'path-protected', detail: `${path}: ${whyProtected(kind)}`.slice(0, 300) });
    }
  }
  if (reasons.length === 0) reasons.push({ code: 'ok', detail: 'nothing in the policy speaks against this plan' });
  return { decision, autonomy: policy.autonomy, reasons: reasons.slice(0, 20) };
}

import { askModelActivities } from './ask-model.ts';
import { auditActivities } from './audit.ts';
import { budgetActivities } from './budget.ts';
import { changeSetActivities } from './build-change-set.ts';
import { cardActivities } from './card.ts';
import { claimActivities } from './claim.ts';
import { commandActivities } from './command.ts';
import type { Activities } from './contract.ts';
import { coordinationActivities } from './coordination.ts';
import { decideActivities } from './decide.ts';
import { deployActivities } from './deploy.ts';
import type { ActivityDeps } from './deps.ts';
import { escalateActivities } from './escalate.ts';
import { identifyActivities } from './identify.ts';
import { mergeActivities } from './merge.ts';
import { normalizeActivities } from './normalize.ts';
import { patrolActivities } from './patrol.ts';
import { presentChangeActivities } from './present-change.ts';
import { productionActionActivities } from './production-action.ts';
import { pullRequestActivities } from './pull-request.ts';
import { reasonActivities } from './reason.ts';
import { revertChangeActivities } from './revert-change.ts';
import { sandboxActivities } from './sandbox.ts';
import { telemetryActivities } from './telemetry.ts';
import { guarded } from './to-failure.ts';
import { verifyActivities } from './verify.ts';

/** Everything that a workflow may ask for, made from its dependencies. Whatever these throw is an `ApplicationFailure` whose type is one of our codes. */
export function createActivities(deps: ActivityDeps): Activities {
  const activities: Activities = {
    ...normalizeActivities(deps),
    ...coordinationActivities(deps),
    ...claimActivities(deps),
    ...cardActivities(deps),
    ...identifyActivities(deps),
    ...presentChangeActivities(deps),
    ...reasonActivities(deps),
    ...askModelActivities(deps),
    ...budgetActivities(deps),
    ...sandboxActivities(deps),
    ...changeSetActivities(deps),
    ...decideActivities(deps),
    ...pullRequestActivities(deps),
    ...mergeActivities(deps),
    ...deployActivities(deps),
    ...verifyActivities(deps),
    ...telemetryActivities(deps),
    ...productionActionActivities(deps),
    ...revertChangeActivities(deps),
    ...escalateActivities(deps),
    ...auditActivities(deps),
    ...patrolActivities(deps),
    ...commandActivities(deps),
  };
  return guarded(activities, deps);
}

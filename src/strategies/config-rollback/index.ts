import type { Strategy } from '../contract.ts';
import { candidates, planConfigRollback, refusal } from './plan.ts';

/** Takes configuration files back to their last green content. */
export const configRollback: Strategy = {
  id: 'config-rollback',
  name: 'Config rollback',
  costs: 'nothing',
  heals: 'a configuration file that broke since the check was green: restores that file alone and keeps everything else',
  rank(context) {
    if (context.incident.lastGreenSha === undefined)
      return { score: null, refusal: refusal('no-green-revision', 'no revision is known on which the check was green') };
    const paths = candidates(context);
    if (paths.length === 0)
      return {
        score: null,
        refusal: refusal('no-config-changed', 'no configuration file changed since the check was green, other than by a revert'),
      };
    return { score: context.diagnosis.class === 'configuration' ? 80 : 40, why: `${paths[0]} changed since green` };
  },
  plan: planConfigRollback,
};

import type { Strategy } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { candidates, no, planConfigRollback, REFUSES } from './plan.ts';

/** Takes configuration files back to their last green content. */
export const configRollback: Strategy = {
  id: 'config-rollback',
  name: 'Config rollback',
  costs: 'nothing',
  heals: 'a configuration file that broke since the check was green: restores that file alone and keeps everything else',
  ranks: Object.values(RANKS.configRollback),
  refuses: REFUSES,
  rank(context) {
    if (context.incident.lastGreenSha === undefined)
      return no.rank('no-green-revision', 'no revision is known on which the check was green');
    const paths = candidates(context);
    if (paths.length === 0)
      return no.rank('no-config-changed', 'no configuration file changed since the check was green, other than by a revert');
    const rank = context.diagnosis.class === 'configuration' ? RANKS.configRollback.diagnosed : RANKS.configRollback.suspected;
    return { score: rank.score, why: `${paths[0]} changed since green` };
  },
  plan: planConfigRollback,
};

import type { Strategy } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { REFUSES } from './limits.ts';
import { planRevert, precondition } from './plan.ts';

/** Undoes the commit that broke it, once a search that bears flaky runs has found and verified it. */
export const revert: Strategy = {
  id: 'revert',
  name: 'Revert',
  costs: 'runs',
  heals:
    'a fresh regression: finds the commit though runs may be flaky, verifies red there and green at its parent, twice each, and undoes it',
  ranks: Object.values(RANKS.revert),
  refuses: REFUSES,
  rank(context) {
    const no = precondition(context);
    if (no !== null) return { score: null, refusal: no };
    const rank = context.diagnosis.class === 'code' ? RANKS.revert.diagnosed : RANKS.revert.suspected;
    return { score: rank.score, why: `${context.incident.commits.length} commit(s) since green` };
  },
  plan: planRevert,
};

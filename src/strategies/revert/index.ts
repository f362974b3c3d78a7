import type { Strategy } from '../contract.ts';
import { planRevert, precondition } from './plan.ts';

/** Undoes the commit that broke it, once bisection has found and verified it. */
export const revert: Strategy = {
  id: 'revert',
  name: 'Revert',
  costs: 'runs',
  heals: 'a fresh regression: finds the commit by bisection, verifies red there and green at its parent twice, and undoes it',
  rank(context) {
    const no = precondition(context);
    if (no !== null) return { score: null, refusal: no };
    return { score: context.diagnosis.class === 'code' ? 60 : 30, why: `${context.incident.commits.length} commit(s) since green` };
  },
  plan: planRevert,
};

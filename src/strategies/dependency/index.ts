import type { Strategy } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { planDependency, REFUSES, rankDependency } from './plan.ts';

/** Takes dependencies back to what was green: the lock file, or the packages that it hangs on. */
export const dependency: Strategy = {
  id: 'dependency',
  name: 'Dependency rollback',
  costs: 'runs',
  heals:
    'a dependency that broke since green: the last green lock file, or by trials the few packages that it hangs on, held for a time and never below a security fix',
  ranks: Object.values(RANKS.dependency),
  refuses: REFUSES,
  rank: rankDependency,
  plan: planDependency,
};

import type { Reasoner } from '../agents/contract.ts';
import { diagnose } from '../domain/policy/diagnose.ts';
import type { Strategy } from './contract.ts';
import { climb } from './ladder.ts';

/** The reasoner of this process: counted evidence for the cause, the ladder of strategies for the repair. */
export function createReasoner(strategies: readonly Strategy[]): Reasoner {
  return {
    diagnose: (evidence) => Promise.resolve(diagnose(evidence)),
    propose: (context, asking) => Promise.resolve(climb(strategies, context, asking)),
  };
}

import type { Plan } from '../domain/plan.schema.ts';
import type { StrategyContext } from './contract.ts';
import { planFingerprint } from './ladder.ts';

/** The first of these plans that was not tried before. */
export function firstUntried(context: Pick<StrategyContext, 'tried'>, plans: readonly Plan[]): Plan | undefined {
  return plans.find((plan) => !context.tried.some(({ fingerprint }) => fingerprint === planFingerprint(plan)));
}

import type { StrategyRefusal } from '../domain/plan.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { Rank, StrategyAnswer } from './contract.ts';

/** Says no in the name of one strategy, with one of its codes; the same as a rank and as an answer. */
export function refuser<Code extends string>(strategy: string, _codes: Readonly<Record<Code, string>>) {
  const refusal = (code: Code, detail: string): StrategyRefusal => ({ strategy, code, detail: oneLine(detail, 300) });
  return {
    refusal,
    rank: (code: Code, detail: string): Rank => ({ score: null, refusal: refusal(code, detail) }),
    answer: (code: Code, detail: string): StrategyAnswer => ({ kind: 'refused', refusal: refusal(code, detail) }),
  };
}

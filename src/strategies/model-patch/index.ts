import type { FailureClass } from '../../domain/diagnosis.schema.ts';
import type { Rank, Strategy } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { planModelPatch, refusal } from './plan.ts';
import { REFUSES } from './refuses.ts';

/** Plans of this strategy for one failure at most: a model that was wrong three times is wrong about it. */
const MAX_TRIED = 3;

/** No change of program text repairs these. */
const HOPELESS: ReadonlySet<FailureClass> = new Set(['flaky', 'infrastructure', 'environment', 'already-broken', 'security-sensitive']);

const no = (code: string, detail: string): Rank => ({ score: null, refusal: refusal(code, detail) });

/** Asks a language model for a change of program text, where no rule knows one. */
export const modelPatch: Strategy = {
  id: 'model-patch',
  name: 'Patch by a model',
  costs: 'model',
  heals:
    'what no rule knows: a language model reads the evidence and proposes a change of program text, which must prove itself as any other',
  ranks: Object.values(RANKS.modelPatch),
  refuses: REFUSES,
  rank({ model, reproduction, diagnosis, tried }) {
    if (!model) return no('no-model', 'no model is configured');
    if (reproduction?.verdict !== 'reproduced') return no('not-reproduced', 'what nobody saw fail here is not put to a model');
    if (HOPELESS.has(diagnosis.class)) return no('no-case-for-text', `no change of program text repairs ${diagnosis.class}`);
    if (tried.filter(({ strategy }) => strategy === 'model-patch').length >= MAX_TRIED)
      return no('tried-before', `${MAX_TRIED} plans of a model did not hold`);
    return { score: RANKS.modelPatch.left.score, why: 'nothing cheaper is left' };
  },
  plan: planModelPatch,
};

import { createHash } from 'node:crypto';
import type { ModelQuestion } from '../domain/model-exchange.schema.ts';
import type { Plan, PlanStep, Probe, StrategyRefusal, Trial } from '../domain/plan.schema.ts';
import { stableJson } from '../lib/stable-json.ts';
import type { FileWanted, Strategy, StrategyContext } from './contract.ts';

function fingerprint(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex').slice(0, 16);
}

/** Same steps and proposals, same fingerprint, whatever the words around them and the order of keys; 16 hex digits. */
export function planFingerprint({ strategy, steps, proposals = [] }: Plan): string {
  return fingerprint(proposals.length === 0 ? [strategy, steps] : [strategy, steps, proposals]);
}

/** Names a trial by what it tries; 16 hex digits. */
export function trialFingerprint(steps: readonly PlanStep[]): string {
  return fingerprint(steps);
}

/** Names a question by what it says; 16 hex digits. */
export function questionFingerprint(question: ModelQuestion): string {
  return fingerprint(question);
}

/** Where the climb ended. */
export type Climb =
  | { readonly kind: 'plan'; readonly strategy: string; readonly plan: Plan; readonly refusals: readonly StrategyRefusal[] }
  | { readonly kind: 'probe'; readonly strategy: string; readonly probe: Probe; readonly refusals: readonly StrategyRefusal[] }
  | { readonly kind: 'trial'; readonly strategy: string; readonly trial: Trial; readonly refusals: readonly StrategyRefusal[] }
  | {
      readonly kind: 'read';
      readonly strategy: string;
      readonly files: readonly FileWanted[];
      readonly refusals: readonly StrategyRefusal[];
    }
  | { readonly kind: 'ask'; readonly strategy: string; readonly question: ModelQuestion; readonly refusals: readonly StrategyRefusal[] }
  | { readonly kind: 'none'; readonly refusals: readonly StrategyRefusal[] };

const COSTS: readonly Strategy['costs'][] = ['nothing', 'runs', 'model'];

/** Strategies that apply, best first: by the evidence, then by what planning costs; and why the others do not. */
function ranked(
  strategies: readonly Strategy[],
  context: StrategyContext,
): { readonly order: readonly Strategy[]; readonly unfit: readonly StrategyRefusal[] } {
  const unfit: StrategyRefusal[] = [];
  const found: { strategy: Strategy; score: number }[] = [];
  for (const strategy of strategies) {
    const rank = strategy.rank(context);
    if (rank.score === null) unfit.push(rank.refusal);
    else found.push({ strategy, score: rank.score });
  }
  const cost = ({ strategy }: (typeof found)[number]) => COSTS.indexOf(strategy.costs);
  const order = found
    .sort((a, b) => b.score - a.score || cost(a) - cost(b) || a.strategy.id.localeCompare(b.strategy.id))
    .map(({ strategy }) => strategy);
  return { order, unfit };
}

/** Try the strategies in the order that the evidence gives them; `asking` goes on with the one whose questions were answered. */
export function climb(strategies: readonly Strategy[], context: StrategyContext, asking?: string): Climb {
  const { order, unfit } = ranked(strategies, context);
  // What applied and then could not tells more than what never did, so it comes first.
  const refusals: StrategyRefusal[] = [];
  const all = () => [...refusals, ...unfit];
  // Strategies before the asking one have answered in an earlier turn of this attempt.
  const from = Math.max(
    0,
    order.findIndex(({ id }) => id === asking),
  );
  for (const strategy of order.slice(from)) {
    // What a probe told is a fact about a revision, whoever asked.
    const answer = strategy.plan(context);
    switch (answer.kind) {
      case 'probe':
      case 'trial':
      case 'read':
      case 'ask':
        return { ...answer, strategy: strategy.id, refusals: all() };
      case 'plan':
        if (!context.tried.some((tried) => tried.fingerprint === planFingerprint(answer.plan)))
          return { kind: 'plan', strategy: strategy.id, plan: answer.plan, refusals: all() };
        refusals.push({ strategy: strategy.id, code: 'tried-before', detail: 'its only plan was tried before' });
        break;
      case 'refused':
        refusals.push(answer.refusal);
        break;
    }
  }
  return { kind: 'none', refusals: all() };
}

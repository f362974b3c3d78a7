import { createHash } from 'node:crypto';
import type { Plan, Probe, StrategyRefusal } from '../domain/plan.schema.ts';
import { stableJson } from '../lib/stable-json.ts';
import type { Strategy, StrategyContext } from './contract.ts';

/** Same steps, same fingerprint, whatever the words around them and the order of keys; 16 hex digits. */
export function planFingerprint(plan: Plan): string {
  return createHash('sha256')
    .update(stableJson([plan.strategy, plan.steps]))
    .digest('hex')
    .slice(0, 16);
}

/** Where the climb ended. */
export type Climb =
  | { readonly kind: 'plan'; readonly strategy: string; readonly plan: Plan; readonly refusals: readonly StrategyRefusal[] }
  | { readonly kind: 'probe'; readonly strategy: string; readonly probe: Probe; readonly refusals: readonly StrategyRefusal[] }
  | { readonly kind: 'none'; readonly refusals: readonly StrategyRefusal[] };

/** Try the strategies in the order that the evidence gives them; `asking` goes on with the one whose probes were answered. */
export function climb(strategies: readonly Strategy[], context: StrategyContext, asking?: string): Climb {
  const refusals: StrategyRefusal[] = [];
  const ranked: { strategy: Strategy; score: number }[] = [];
  for (const strategy of strategies) {
    const rank = strategy.rank(context);
    if (rank.score === null) refusals.push(rank.refusal);
    else ranked.push({ strategy, score: rank.score });
  }
  ranked.sort((a, b) => b.score - a.score || a.strategy.id.localeCompare(b.strategy.id));
  // Strategies before the asking one have answered in an earlier turn of this attempt.
  const from = Math.max(
    0,
    ranked.findIndex(({ strategy }) => strategy.id === asking),
  );
  for (const { strategy } of ranked.slice(from)) {
    // What a probe told is a fact about a revision, whoever asked.
    const answer = strategy.plan(context);
    switch (answer.kind) {
      case 'probe':
        return { kind: 'probe', strategy: strategy.id, probe: answer.probe, refusals };
      case 'plan':
        if (!context.tried.some((tried) => tried.fingerprint === planFingerprint(answer.plan)))
          return { kind: 'plan', strategy: strategy.id, plan: answer.plan, refusals };
        refusals.push({ strategy: strategy.id, code: 'tried-before', detail: 'its only plan was tried before' });
        break;
      case 'refused':
        refusals.push(answer.refusal);
        break;
    }
  }
  return { kind: 'none', refusals };
}

import type { PlanSummary, TriedPlan } from '../activities/contract.ts';
import type { Outcome, ReasonCode } from '../domain/outcome.ts';
import type { Verdict } from '../domain/verdict.schema.ts';

/** How one attempt ended; `next` tells why the plan was not good enough. */
export type AttemptEnd =
  | { readonly kind: 'proven'; readonly verdict: Verdict }
  /** `cheap`: it failed before the wider checks were run, so another plan may be tried in this attempt. */
  | { readonly kind: 'next'; readonly reason: ReasonCode; readonly cheap?: true }
  /** No strategy has a plan (any more). */
  | { readonly kind: 'none' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** A plan as the next attempt needs to know it. */
export function tried(plan: PlanSummary): Omit<TriedPlan, 'result'> {
  return { strategy: plan.strategy, planTitle: plan.title, fingerprint: plan.fingerprint };
}

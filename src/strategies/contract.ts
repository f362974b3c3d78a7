import type { Diagnosis } from '../domain/diagnosis.schema.ts';
import type { Incident } from '../domain/incident.schema.ts';
import type { Plan, Probe, ProbeResult, StrategyRefusal } from '../domain/plan.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';

/** All that a strategy may know: data only. */
export interface StrategyContext {
  readonly incident: Incident;
  readonly diagnosis: Diagnosis;
  readonly policy: RepositoryPolicy;
  /** Answers to the probes this strategy asked for within this attempt, oldest first. */
  readonly probes: readonly ProbeResult[];
  /** Earlier attempts on this signature: what was tried and how it ended. */
  readonly tried: ReadonlyArray<{
    readonly strategy: string;
    readonly planTitle: string;
    readonly result: string;
    readonly fingerprint: string;
  }>;
  /** Size and presence of a path at a revision, prepared by the caller for paths changed since green. */
  readonly paths: ReadonlyMap<string, { readonly atGreen: boolean; readonly atHead: boolean }>;
  /** Now, ISO 8601 UTC; strategies have no clock. */
  readonly now: string;
}

/** What a strategy answers. */
export type StrategyAnswer =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'probe'; readonly probe: Probe }
  | { readonly kind: 'refused'; readonly refusal: StrategyRefusal };

/** A named way to repair. It plans; it never runs, fetches or writes. */
export interface Strategy {
  readonly id: string;
  readonly name: string;
  /** One sentence for the README's table. */
  readonly heals: string;
  /** Rank from evidence: higher is tried first; null with a reason when it does not apply. */
  rank(
    context: StrategyContext,
  ): { readonly score: number; readonly why: string } | { readonly score: null; readonly refusal: StrategyRefusal };
  /** The plan, or the next probe it needs, or why it cannot. */
  plan(context: StrategyContext): StrategyAnswer;
}

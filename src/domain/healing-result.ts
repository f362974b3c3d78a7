import type { ChangeSetRef } from './change-set.schema.ts';
import type { Diagnosis } from './diagnosis.schema.ts';
import type { Outcome } from './outcome.ts';
import type { StrategyRefusal } from './plan.schema.ts';
import type { Proof } from './proof.schema.ts';

/** What a healing returns when it closes: enough to print the proof without reading history. At most a few kB. */
export interface HealingResult {
  readonly healingId: string;
  readonly outcome: Outcome;
  readonly title: string;
  /** Healing attempts that this run began. */
  readonly attempts: number;
  /** Signals that arrived, repeats included. */
  readonly signals: number;
  readonly diagnosis: Diagnosis | null;
  readonly plan: { readonly strategy: string; readonly title: string } | null;
  readonly changeSet: ChangeSetRef | null;
  readonly proof: Proof | null;
  readonly change: { readonly number: number; readonly url: string; readonly branch: string; readonly headSha: string } | null;
  readonly mergeSha: string | null;
  /** Why strategies did not apply, at most 10. */
  readonly refusals: readonly StrategyRefusal[];
}

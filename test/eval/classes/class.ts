import type { Language, Truth } from '../case.ts';
import type { Story } from '../story.ts';

/** What a class makes of a story: how it fails, and what must become of it. */
export interface Draft {
  /** Name of the failing check. */
  readonly check: string;
  readonly run: string;
  /** Place of a commit that is green; the forge knows it in some of the seeds. */
  readonly green?: number;
  readonly truth: Truth;
  /** Days since the last commit. */
  readonly days?: number;
}

/** One kind of break. */
export interface EvalClass {
  readonly id: string;
  readonly languages: readonly Language[];
  tell(story: Story): Draft;
}

/** Healed by one of these, to what the repository was without the break. */
export function healedBy(story: Story, ...strategies: readonly string[]): Truth {
  return { end: 'healed', strategies, trees: [new Map(story.good)] };
}

/** Nothing may be changed. */
export function notHealed(...classes: readonly string[]): Truth {
  return { end: 'not-healed', kinds: ['escalated', 'abstained'], ...(classes.length === 0 ? {} : { classes }) };
}

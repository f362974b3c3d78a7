import type { RepoRef } from './names.schema.ts';
import type { Outcome } from './outcome.ts';

/** Steps of a healing that are worth showing where production is watched. */
export const MILESTONES = ['started', 'proposed', 'merged', 'deployed', 'acted', 'verified', 'undone', 'ended'] as const;
/** One of them. */
export type MilestoneKind = (typeof MILESTONES)[number];

/** One step in the life of a healing, for events and annotations: plain redacted text, small. */
export interface Milestone {
  readonly kind: MilestoneKind;
  readonly healingId: string;
  readonly repo: RepoRef;
  readonly subject: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** What broke. */
  readonly title: string;
  /** What happened now, one line. */
  readonly text: string;
  readonly service?: string;
  readonly environment?: string;
  readonly sha?: string;
  readonly url?: string;
  readonly outcome?: Outcome;
}

/** One point of a metric of Suture itself. */
export interface MetricPoint {
  /** Dotted name, such as `suture.healing.ended`. */
  readonly name: string;
  readonly kind: 'count' | 'gauge';
  readonly value: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Few values each: outcome, class, repository, service. */
  readonly tags: Readonly<Record<string, string>>;
}

import type { CardChange, CardDecision } from './healing-card.ts';
import type { HealingState } from './healing-state.ts';
import type { ArtifactRef } from './names.schema.ts';
import type { Outcome } from './outcome.ts';
import type { Papers } from './papers.ts';

/** What the `healingView` query, the CLI and notifiers show of one healing: plain data, small. */
export interface HealingView {
  readonly healingId: string;
  readonly repo: { readonly owner: string; readonly name: string };
  readonly subject: string;
  readonly state: HealingState;
  readonly attempt: number;
  readonly title: string;
  /** Broken revision that is or was healed, once it is known. */
  readonly headSha?: string;
  readonly class?: string;
  readonly cause?: string;
  readonly strategy?: string;
  /** Present while a person is asked. */
  readonly approval?: {
    readonly changeSetHash: string;
    readonly approvers: readonly string[];
    readonly paths: readonly string[];
    readonly reasons: readonly string[];
    /** Who was handed the decision. */
    readonly delegates?: readonly string[];
    /** Without a decision it expires then, ISO 8601 UTC. */
    readonly until?: string;
    /** Unified diff of the very change set, when it could be made. */
    readonly diff?: ArtifactRef;
  };
  /** The repair as it stands, once there is one. */
  readonly repair?: CardChange;
  /** What the proof says, one line. */
  readonly proof?: string;
  readonly decision?: CardDecision;
  readonly pullRequest?: { readonly number: number; readonly url: string; readonly branch: string };
  readonly outcome?: Outcome;
  readonly paused: boolean;
  readonly signals: number;
  /** Healings whose evidence was joined to this one, and why. */
  readonly joined?: ReadonlyArray<{ readonly healingId: string; readonly why: string; readonly signals: number }>;
  /** What machines read more of than people. */
  readonly papers?: Papers;
  /** Timeline for people, newest last, at most 60 lines. */
  readonly timeline: ReadonlyArray<{ readonly at: string; readonly state: HealingState; readonly text: string }>;
}

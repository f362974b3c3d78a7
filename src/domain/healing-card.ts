import type { HealingState } from './healing-state.ts';
import type { Outcome } from './outcome.ts';

/** Where one healing stands, for a card that people see and decide on: plain redacted text, small; every notifier escapes it for its own place. */
export interface HealingCard {
  readonly healingId: string;
  readonly repo: { readonly owner: string; readonly name: string };
  readonly subject: string;
  /** When the healing began, ISO 8601 UTC: no older message can be its card. */
  readonly since: string;
  readonly state: HealingState;
  readonly attempt: number;
  /** What broke. */
  readonly title: string;
  readonly lines: readonly string[];
  readonly cause?: string;
  readonly class?: string;
  /** What the proof says, one line. */
  readonly proof?: string;
  readonly change?: CardChange;
  readonly pullRequest?: { readonly number: number; readonly url: string };
  /** Present while a person is asked. */
  readonly approval?: {
    readonly changeSetHash: string;
    /** Who may decide now, those included to whom it was handed; empty: any maintainer. */
    readonly approvers: readonly string[];
    readonly reasons: readonly string[];
    /** Without a decision it expires then, ISO 8601 UTC. */
    readonly until?: string;
  };
  readonly decision?: CardDecision;
  readonly outcome?: Outcome;
  readonly webUiUrl?: string;
}

/** The repair that a card shows. */
export interface CardChange {
  readonly title: string;
  readonly strategy: string;
  readonly risk: 'low' | 'medium' | 'high';
  readonly hash?: string;
  /** At most 10. */
  readonly paths: readonly string[];
  readonly additions: number;
  readonly deletions: number;
}

/** What a person decided, and who. */
export interface CardDecision {
  readonly verdict: 'approve' | 'reject' | 'stop';
  readonly by: string;
}

import type { ApartRequest, CoordinatorView, PauseRequest, SlotRelease, SlotRequest } from './messages.ts';
import type { RepoRef } from './names.schema.ts';

/** One message that the coordinator has not handled yet. */
export type CoordinatorMessage =
  | { readonly kind: 'request'; readonly request: SlotRequest }
  | { readonly kind: 'release'; readonly release: SlotRelease }
  | { readonly kind: 'apart'; readonly request: ApartRequest }
  | { readonly kind: 'pause'; readonly request: PauseRequest };

/** A healing that waits for a slot. */
export interface WaitingHealing {
  readonly request: SlotRequest;
  readonly attemptsUsed: number;
  /** Arrival order: among equals in priority the earlier is granted first. */
  readonly order: number;
  /** Version of the ledger at which it was judged; an entry that changed since is judged again. */
  readonly judgedAt: number;
}

/** A healing at work. */
export interface SlotLease {
  readonly request: SlotRequest;
  readonly attemptsUsed: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What is remembered of a signature. */
export type LedgerEntry = CoordinatorView['ledger'][number] & {
  /** Milliseconds since the epoch. */
  readonly forgetAt: number;
  /** Version of the ledger at which it last changed. */
  readonly changedAt: number;
};

/** Two healings that are not taken for one, as long as failures are remembered. */
export interface ApartPair extends ApartRequest {
  /** Milliseconds since the epoch. */
  readonly forgetAt: number;
}

/** All that a coordinator knows; handed over by continue-as-new. */
export interface CoordinatorState {
  readonly paused: boolean;
  /** Who paused or resumed last. */
  readonly pausedBy: PauseRequest['actor'] | null;
  readonly inbox: readonly CoordinatorMessage[];
  readonly waiting: readonly WaitingHealing[];
  readonly leases: readonly SlotLease[];
  readonly ledger: readonly LedgerEntry[];
  /** Answers "merge into" that were given, newest last, at most 50: asking again means that the primary is gone. */
  readonly merges: ReadonlyArray<{ readonly healingId: string; readonly into: string }>;
  /** Healings whose fix is still watched. */
  readonly watching?: NonNullable<CoordinatorView['watching']>;
  /** Healings that a person split. */
  readonly apart?: readonly ApartPair[];
  readonly orders: number;
  readonly ledgerVersion: number;
}

/** The only argument of a coordinator. */
export interface CoordinatorInput {
  readonly repo: RepoRef;
  /** Absent at first start. */
  readonly carried?: CoordinatorState;
  /** Continue as new after so many messages; default: when the server suggests it. */
  readonly continueAfter?: number;
}

import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { HealingView } from '../domain/healing-view.ts';
import type {
  ApartRequest,
  CoordinatorView,
  DecisionReceipt,
  DecisionRefusal,
  DelegateRequest,
  PauseRequest,
  SlotRequest,
  SplitRequest,
  StopRequest,
} from '../domain/messages.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { HealingInput, HealingSettings } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';

/** What became of a decision that was sent: stored and applied, stored for later (no worker answered in time), or refused. */
export type DecisionResult =
  | { readonly kind: 'applied'; readonly receipt: DecisionReceipt }
  | { readonly kind: 'stored' }
  | { readonly kind: 'refused'; readonly reason: DecisionRefusal; readonly detail: string }
  | { readonly kind: 'not-found' };

/** One line of `suture status`, from visibility: approximate and late by nature, so never used to decide. */
export interface HealingListing {
  readonly healingId: string;
  readonly runId: string;
  readonly running: boolean;
  readonly startedAt: string;
  readonly state: string;
  readonly outcome: string;
}

/** An activity that runs, by its last heartbeat. */
export interface RunningWork {
  readonly activity: string;
  readonly attempt: number;
  /** Name of the job; empty where none runs. */
  readonly job: string;
  readonly last: string;
  /** Bytes that its commands printed so far. */
  readonly bytes: number;
  /** The end of them, redacted. */
  readonly tail: string;
}

/** The only door to Temporal for everything but the roots. Throws `Failure` code `temporal-unavailable`. */
export interface Healings {
  /** One RPC, durable without any worker: joins the running healing or starts one. Resolves after the server stored it. */
  report(input: HealingInput, signal: Signal): Promise<{ readonly healingId: string; readonly runId: string }>;
  /** A signal to a running healing only; false when none runs. */
  forward(healingId: string, signal: Signal): Promise<boolean>;
  /** What a person asked for in a comment: stored once for its delivery id, obeyed when a worker is there. */
  command(signal: Signal, settings: HealingSettings): Promise<void>;
  requestSlot(repo: RepoRef, request: SlotRequest): Promise<void>;
  /** Update with a deadline, then the signal fallback. */
  decide(healingId: string, decision: ApprovalDecision): Promise<DecisionResult>;
  /** The same for handing the decision on; refused ones say why. */
  delegate(healingId: string, request: DelegateRequest): Promise<DecisionResult>;
  /** The same for giving back what was joined from another healing. */
  split(healingId: string, request: SplitRequest): Promise<DecisionResult>;
  /** The coordinator does not join these two again. */
  setApart(repo: RepoRef, request: ApartRequest): Promise<void>;
  stop(healingId: string, request: StopRequest): Promise<DecisionResult>;
  pauseHealing(healingId: string, request: PauseRequest): Promise<boolean>;
  /** The repository's stop switch; starts the coordinator if need be, so that a pause holds before the first healing. */
  pauseRepository(repo: RepoRef, request: PauseRequest): Promise<void>;
  view(healingId: string): Promise<HealingView | null>;
  coordinator(repo: RepoRef): Promise<CoordinatorView | null>;
  list(options: { readonly running: boolean; readonly limit: number; readonly repo?: RepoRef }): Promise<readonly HealingListing[]>;
  /** Of these, the ones that no longer run under that run id. */
  findClosed(healings: ReadonlyArray<{ readonly healingId: string; readonly runId: string }>): Promise<readonly string[]>;
  /** Lets so many forge activities of all owners begin each second; null takes the limit away. The server remembers it for every worker. */
  limitForge(perSecond: number | null, reason: string): Promise<void>;
  /** What a healing's running activities said last of themselves; null when there is no such healing. */
  running(healingId: string): Promise<readonly RunningWork[] | null>;
  /** Round trip to the frontend. */
  ping(): Promise<void>;
  /** Link to one healing in the Web UI; undefined when no UI is known. */
  webUiUrl(healingId: string, runId?: string): string | undefined;
}

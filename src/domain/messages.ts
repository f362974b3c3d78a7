import type { CorrelationRule } from './correlation.schema.ts';
import type { ApprovalDecision } from './decision.schema.ts';
import type { ReasonCode } from './outcome.ts';
import type { Actor } from './signal.schema.ts';

/** Workflow types by the names that the server knows; renaming one breaks running healings. */
export const WORKFLOW_TYPES = {
  healing: 'HealingWorkflow',
  coordinator: 'RepoCoordinator',
  patrol: 'PatrolWorkflow',
  command: 'CommandWorkflow',
} as const;

/** Signal, update and query names of the healing; renaming one breaks running healings. */
export const HEALING_MESSAGES = {
  /** Signal(Signal): a fact arrived. */
  incidentEvent: 'incidentEvent',
  /** Signal(AdmissionAnswer): the coordinator answered. */
  admission: 'admission',
  /** Update(ApprovalDecision) -> DecisionReceipt, with a synchronous validator. */
  decideApproval: 'decideApproval',
  /** Signal(ApprovalDecision): the fallback when no worker answers in time; junk is tolerated and recorded. */
  decideApprovalLater: 'decideApprovalLater',
  /** Update(DelegateRequest) -> DecisionReceipt, with a synchronous validator; answers after the vendor said who the other one is. */
  delegateApproval: 'delegateApproval',
  /** Signal(DelegateRequest): the fallback. */
  delegateApprovalLater: 'delegateApprovalLater',
  /** Update(StopRequest) -> DecisionReceipt. */
  cancelHealing: 'cancelHealing',
  /** Signal(StopRequest): the fallback. */
  cancelHealingLater: 'cancelHealingLater',
  /** Update(SplitRequest) -> DecisionReceipt, with a synchronous validator. */
  splitHealing: 'splitHealing',
  /** Signal(SplitRequest): the fallback. */
  splitHealingLater: 'splitHealingLater',
  /** Signal(PauseRequest): stop at the next safe point, or go on. */
  setPaused: 'setPaused',
  /** Query() -> HealingView. */
  healingView: 'healingView',
} as const;

/** Signal and query names of the coordinator. */
export const COORDINATOR_MESSAGES = {
  /** Signal(SlotRequest). */
  requestSlot: 'requestSlot',
  /** Signal(SlotRelease). */
  releaseSlot: 'releaseSlot',
  /** Signal(ApartRequest): a person split two healings. */
  setApart: 'setApart',
  /** Signal(PauseRequest): the repository's stop switch. */
  setPaused: 'setRepositoryPaused',
  /** Query() -> CoordinatorView. */
  coordinatorView: 'coordinatorView',
} as const;

/** What a healing asks its coordinator for. */
export interface SlotRequest {
  readonly healingId: string;
  readonly runId: string;
  readonly subject: string;
  readonly signature: string;
  readonly title: string;
  /** `code`: a check or a request shows it; `alert`: production shows it. */
  readonly kind: 'code' | 'alert';
  readonly service?: string;
  /** Commits it concerns: head, deployed. */
  readonly shas: readonly string[];
  /** Lower is more urgent, 1 to 5. */
  readonly priority: number;
  /** ISO 8601 UTC of its first signal. */
  readonly since: string;
  readonly slots: number;
  readonly leaseMs: number;
  readonly attemptsCap: number;
  readonly ledgerTtlMs: number;
  /** By which rules of the policy it is taken for one with others; absent: the built-in ones. */
  readonly correlation?: readonly CorrelationRule[];
  /** As in `HealingTimings`. */
  readonly workerLostMs?: number;
}

/** What the coordinator answers; `granted` may follow `waiting`. */
export type AdmissionAnswer =
  | { readonly kind: 'granted'; readonly attemptsUsed: number }
  | { readonly kind: 'waiting'; readonly ahead: number }
  | { readonly kind: 'merge-into'; readonly healingId: string; readonly why: string }
  | { readonly kind: 'refused'; readonly reason: ReasonCode; readonly detail: string };

/** A healing hands its slot back and reports what it used. */
export interface SlotRelease {
  readonly healingId: string;
  readonly runId: string;
  readonly signature: string;
  readonly attemptsUsed: number;
  readonly outcome: string;
  readonly reason: ReasonCode;
  readonly service?: string;
  /** Production is watched until then, ISO 8601 UTC: an alert of the service belongs to this healing, which is still there. */
  readonly watchUntil?: string;
  /** Attempts on the same signature stay refused until then, ISO 8601 UTC. */
  readonly coolUntil: string;
}

/** Pause or resume; announced with who did it. `scope` is for people. */
export interface PauseRequest {
  readonly paused: boolean;
  readonly actor: Actor;
}

/** A person says that what another healing saw was no part of this one. */
export interface SplitRequest {
  /** Unique per command, so that a repeat is harmless. */
  readonly id: string;
  /** The healing whose evidence was joined wrongly. */
  readonly joined: string;
  readonly actor: Actor;
}

/** Two healings that must not be taken for one again. */
export interface ApartRequest {
  readonly healings: readonly [string, string];
}

/** Stop one healing. */
export interface StopRequest {
  readonly id: string;
  readonly actor: Actor;
  readonly comment: string;
}

/** An approver hands the decision on one change set to somebody else. */
export interface DelegateRequest {
  /** Unique per command, so that a repeat is harmless. */
  readonly id: string;
  readonly changeSetHash: string;
  /** The verified actor who hands it on. */
  readonly actor: Actor;
  /** Who may decide from then on, too: an actor id as the policy would name it. */
  readonly to: string;
  readonly via: ApprovalDecision['via'];
}

/** What a decision's sender gets back. */
export interface DecisionReceipt {
  readonly accepted: boolean;
  readonly state: string;
}

/** Why a decision was refused; the `type` of the application failure that the caller sees. */
export const DECISION_REFUSALS = [
  'NotAwaitingApproval',
  'StaleApproval',
  'NotAnApprover',
  'NotADelegate',
  'AlreadyDecided',
  'HealingEnded',
  'NotJoined',
] as const;
/** Why a decision was refused. */
export type DecisionRefusal = (typeof DECISION_REFUSALS)[number];

/** What the coordinator shows. */
export interface CoordinatorView {
  readonly paused: boolean;
  readonly leases: ReadonlyArray<{ readonly healingId: string; readonly expiresAt: string }>;
  readonly waiting: readonly string[];
  /** Healings whose fix of a service is still watched, newest last. */
  readonly watching?: ReadonlyArray<{ readonly healingId: string; readonly service: string; readonly until: string }>;
  readonly ledger: ReadonlyArray<{
    readonly signature: string;
    readonly attempts: number;
    readonly lastOutcome: string;
    readonly coolUntil: string;
    readonly personSaidNo: boolean;
    /** A fix of it did harm and was taken back: its service, or nothing where it concerns none. No more heals there until a person resumes. */
    readonly harmed?: { readonly service?: string };
  }>;
}

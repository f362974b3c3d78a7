import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { HealingView } from '../domain/healing-view.ts';
import type {
  AdmissionAnswer,
  ApartRequest,
  CoordinatorView,
  DecisionReceipt,
  DelegateRequest,
  PauseRequest,
  SlotRelease,
  SlotRequest,
  SplitRequest,
  StopRequest,
} from '../domain/messages.ts';
import { COORDINATOR_MESSAGES, HEALING_MESSAGES } from '../domain/messages.ts';
import type { Signal } from '../domain/signal.schema.ts';

/** A fact arrived. */
export const incidentEvent = defineSignal<[Signal]>(HEALING_MESSAGES.incidentEvent);
/** The coordinator answered. */
export const admission = defineSignal<[AdmissionAnswer]>(HEALING_MESSAGES.admission);
/** A person decides on a change set. */
export const decideApproval = defineUpdate<DecisionReceipt, [ApprovalDecision]>(HEALING_MESSAGES.decideApproval);
/** The same when no worker answers in time. */
export const decideApprovalLater = defineSignal<[ApprovalDecision]>(HEALING_MESSAGES.decideApprovalLater);
/** An approver hands the decision to somebody else. */
export const delegateApproval = defineUpdate<DecisionReceipt, [DelegateRequest]>(HEALING_MESSAGES.delegateApproval);
/** The same when no worker answers in time. */
export const delegateApprovalLater = defineSignal<[DelegateRequest]>(HEALING_MESSAGES.delegateApprovalLater);
/** A person undoes a correlation. */
export const splitHealing = defineUpdate<DecisionReceipt, [SplitRequest]>(HEALING_MESSAGES.splitHealing);
/** The same when no worker answers in time. */
export const splitHealingLater = defineSignal<[SplitRequest]>(HEALING_MESSAGES.splitHealingLater);
/** The stop switch. */
export const cancelHealing = defineUpdate<DecisionReceipt, [StopRequest]>(HEALING_MESSAGES.cancelHealing);
/** The same when no worker answers in time. */
export const cancelHealingLater = defineSignal<[StopRequest]>(HEALING_MESSAGES.cancelHealingLater);
/** Stop at the next safe point, or go on. */
export const setPaused = defineSignal<[PauseRequest]>(HEALING_MESSAGES.setPaused);
/** What people are shown. */
export const healingView = defineQuery<HealingView>(HEALING_MESSAGES.healingView);

/** A healing asks for a slot. */
export const requestSlot = defineSignal<[SlotRequest]>(COORDINATOR_MESSAGES.requestSlot);
/** A healing hands its slot back. */
export const releaseSlot = defineSignal<[SlotRelease]>(COORDINATOR_MESSAGES.releaseSlot);
/** The repository's stop switch. */
export const setRepositoryPaused = defineSignal<[PauseRequest]>(COORDINATOR_MESSAGES.setPaused);
/** Two healings are not joined again. */
export const setApart = defineSignal<[ApartRequest]>(COORDINATOR_MESSAGES.setApart);
/** What the coordinator shows. */
export const coordinatorView = defineQuery<CoordinatorView>(COORDINATOR_MESSAGES.coordinatorView);

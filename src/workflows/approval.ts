import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { DecisionReceipt, DecisionRefusal } from '../domain/messages.ts';
import type { Outcome } from '../domain/outcome.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine, plain } from './plain.ts';

/** Why a decision does not count. */
export interface Refusal {
  readonly type: DecisionRefusal;
  readonly message: string;
}

/** How the wait for a person ended. */
export type Approved = { readonly kind: 'approved' } | { readonly kind: 'changed' } | { readonly kind: 'end'; readonly outcome: Outcome };

/** The desk at which one healing takes decisions: the same rules for the update, its validator and the signal fallback. */
export class ApprovalDesk {
  readonly #record: HealingRecord;
  #decision: ApprovalDecision | null = null;

  constructor(record: HealingRecord) {
    this.#record = record;
  }

  /** Null when the decision counts. Must stay synchronous: an asynchronous validator never refuses. */
  refusal(decision: ApprovalDecision): Refusal | null {
    const { approval, state, over } = this.#record;
    if (this.#decision !== null) {
      if (this.#decision.id === decision.id) return null;
      return { type: 'AlreadyDecided', message: `${this.#decision.actor.id} decided already: ${this.#decision.verdict}` };
    }
    if (over || state === 'ending' || state === 'cooling' || state === 'closed')
      return { type: 'HealingEnded', message: 'this healing has ended' };
    if (approval === null || state !== 'awaiting-approval')
      return { type: 'NotAwaitingApproval', message: `this healing waits for no decision: ${state}` };
    if (approval.changeSetHash !== decision.changeSetHash)
      return { type: 'StaleApproval', message: `the change is now ${approval.changeSetHash}` };
    if (decision.verdict === 'approve' && this.#record.incident?.barred?.includes(decision.actor.id)) {
      return { type: 'NotAnApprover', message: `${decision.actor.id} asked for this healing and may not approve it` };
    }
    if (!mayApprove(approval.approvers, decision)) return { type: 'NotAnApprover', message: `${decision.actor.id} may not decide here` };
    return null;
  }

  /** Throws the refusal as the typed failure that the sender of an update sees. */
  validate(decision: ApprovalDecision): void {
    const refusal = this.refusal(decision);
    if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
  }

  /** Takes a decision that counts; a repeat of the same one changes nothing. */
  take(decision: ApprovalDecision): DecisionReceipt {
    if (this.#decision === null) {
      this.#decision = decision;
      this.#record.note(`${decision.actor.id}: ${decision.verdict}`);
      this.#record.audit('decision', { verdict: decision.verdict, hash: decision.changeSetHash, via: decision.via }, decision.actor.id);
    }
    return { accepted: true, state: this.#record.state };
  }

  /** The signal fallback: what does not count is recorded, because its sender is gone. */
  takeLater(decision: ApprovalDecision): void {
    if (typeof decision?.actor?.id !== 'string' || typeof decision.id !== 'string') {
      this.#record.note('Something that is no decision was sent as one.');
      return;
    }
    const refusal = this.refusal(decision);
    if (refusal === null) {
      this.take(decision);
      return;
    }
    this.#record.note(`A decision did not count: ${refusal.type}`);
    this.#record.audit('decision-refused', { type: refusal.type, via: oneLine(String(decision.via), 20) }, oneLine(decision.actor.id, 200));
  }

  /** Waits for a person up the ladder of reminders; what was proven may be overtaken by fresh evidence. */
  async wait(control: Control, reasons: readonly string[]): Promise<Approved> {
    const record = this.#record;
    const { changeSet, incident } = record;
    if (changeSet === null || incident === null) throw new Error('approval is asked for before there is a change');
    const { approvalReminderMs, approvalReminders } = record.input.settings.timings;
    this.#decision = null;
    record.approval = {
      changeSetHash: changeSet.hash,
      approvers: incident.approvers,
      paths: changeSet.paths.slice(0, 10),
      reasons: reasons.slice(0, 10),
    };
    record.move('awaiting-approval', 'Waits for a person to approve or reject the change');
    await this.#say('approval-wanted', 'ask for approval', `approval is wanted: ${record.title}. suture approve ${record.id}`, 0);
    await record.claim([`Waits for approval of change set ${changeSet.hash.slice(0, 12)}`, ...reasons]);
    for (let rung = 0; rung <= approvalReminders; rung += 1) {
      const answered = await this.#answered(
        control,
        approvalReminderMs,
        rung < approvalReminders
          ? `waits for a person; reminder ${rung + 1} of ${approvalReminders} comes next`
          : 'waits for a person; gives up next',
      );
      if (answered !== null) return answered;
      if (rung < approvalReminders) {
        record.note(`Reminder ${rung + 1} of ${approvalReminders}`);
        await this.#say(
          'reminder',
          'remind',
          `reminder ${rung + 1} of ${approvalReminders}: approval is wanted: ${record.title}. suture approve ${record.id}`,
          rung + 1,
        );
      }
    }
    return {
      kind: 'end',
      outcome: { kind: 'expired', reason: 'approval-expired', detail: `Nobody decided in time, after ${approvalReminders} reminders.` },
    };
  }

  async #answered(control: Control, milliseconds: number, summary: string): Promise<Approved | null> {
    for (;;) {
      const told = await condition(() => this.#decision !== null || control.wantsRefresh, milliseconds, { summary });
      const decision = this.#decision;
      if (decision !== null) {
        if (decision.verdict === 'approve') return { kind: 'approved' };
        const comment = decision.comment === undefined ? '' : `: ${decision.comment}`;
        return {
          kind: 'end',
          outcome: { kind: 'rejected', reason: 'person-said-no', detail: oneLine(`${decision.actor.id} said no${comment}`, 500) },
        };
      }
      if (!told) return null;
      const fresh = await control.refresh();
      if (fresh.kind !== 'same') return fresh;
    }
  }

  async #say(kind: 'approval-wanted' | 'reminder', summary: string, text: string, rung: number): Promise<void> {
    const key = `${this.#record.key}/approval/${this.#record.turn}/${rung}`;
    await this.#record.tolerate(summary, act('notify', summary, { key, healingId: this.#record.id, kind, text: plain(text, 500) }));
  }
}

/** A named approver whoever they are but never an outsider; without names, any maintainer. */
function mayApprove(approvers: readonly string[], decision: ApprovalDecision): boolean {
  if (decision.actor.trust === 'outsider') return false;
  return approvers.length > 0 ? approvers.includes(decision.actor.id) : decision.actor.trust === 'maintainer';
}

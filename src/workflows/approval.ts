import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { Addressee, ApprovalRules, EscalationStep, Rung } from '../domain/approval-ladder.ts';
import { approvalLadder } from '../domain/approval-ladder.ts';
import { isApprover } from '../domain/approvers.ts';
import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { DecisionReceipt, DecisionRefusal } from '../domain/messages.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Actor } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import type { Refreshed } from './normalizing.ts';
import { oneLine, plain } from './plain.ts';
import { Telling } from './telling.ts';

/** Why a decision does not count. */
export interface Refusal {
  readonly type: DecisionRefusal;
  readonly message: string;
}

/** How the wait for a person ended. */
export type Approved = { readonly kind: 'approved' } | { readonly kind: 'changed' } | { readonly kind: 'end'; readonly outcome: Outcome };

/** What somebody decided, or why nobody did. */
export type Answered =
  | { readonly kind: 'approved'; readonly by: string }
  | { readonly kind: 'rejected'; readonly detail: string }
  | Exclude<Refreshed, { readonly kind: 'same' }>;

/** What is asked of people, where it is not whether a change may be published. */
export interface Question {
  /** Names it in keys. */
  readonly name: string;
  /** What notifications say. */
  readonly wanted: string;
  /** What the timeline says. */
  readonly move: string;
  /** What a decision must name, so that an answer to an earlier question is none to this one: 64 hex digits; absent: the change set's hash. */
  readonly hash?: string;
  /** Who decides about what, where it is no change set. */
  readonly about?: { readonly approvers: readonly string[]; readonly approval: ApprovalRules; readonly paths: readonly string[] };
}

const MAY_IT_GO: Question = {
  name: 'approval',
  wanted: 'approval is wanted',
  move: 'Waits for a person to approve or reject the change',
};

/** The desk at which one healing takes decisions: the same rules for the update, its validator and the signal fallback. */
export class ApprovalDesk {
  readonly #record: HealingRecord;
  readonly #presenting: Telling;
  #decision: ApprovalDecision | null;
  #question = MAY_IT_GO;

  /** `decision`: the one that counted in an earlier run of this healing. */
  constructor(record: HealingRecord, decision: ApprovalDecision | null = null) {
    this.#record = record;
    this.#decision = decision;
    this.#presenting = new Telling((what) => record.note(`Could not be made: ${what}`));
  }

  /** The decision that counted last. */
  get decision(): ApprovalDecision | null {
    return this.#decision;
  }

  /** Null when the decision counts. Must stay synchronous: an asynchronous validator never refuses. */
  refusal(decision: ApprovalDecision): Refusal | null {
    if (this.#decision?.id === decision.id) return null;
    return this.closed(decision.changeSetHash) ?? this.#unfit(decision.actor, decision.verdict === 'approve');
  }

  /** Why nothing at all can be decided on this change set now; null while somebody can. */
  closed(changeSetHash: string): Refusal | null {
    const { approval, state, over } = this.#record;
    if (this.#decision !== null)
      return { type: 'AlreadyDecided', message: `${this.#decision.actor.id} decided already: ${this.#decision.verdict}` };
    if (over) return { type: 'HealingEnded', message: `this healing has ended${this.#ending()}` };
    if (approval === null || state !== 'awaiting-approval')
      return { type: 'NotAwaitingApproval', message: `this healing waits for no decision: ${state}` };
    if (approval.changeSetHash !== changeSetHash)
      return { type: 'StaleApproval', message: `the change is another one by now: ${approval.changeSetHash}` };
    return null;
  }

  /** Why this person may not hand the decision on; null when they may. */
  unfitToDelegate(actor: Actor): Refusal | null {
    return this.#unfit(actor, true);
  }

  #unfit(actor: Actor, approves: boolean): Refusal | null {
    const { approval, incident } = this.#record;
    if (approves && incident?.barred?.includes(actor.id))
      return { type: 'NotAnApprover', message: `${actor.id} asked for this healing and may not approve it` };
    if (this.#mayApprove(actor)) return null;
    const who = approval === null || approval.approvers.length === 0 ? 'a maintainer' : approval.approvers.join(', ');
    return { type: 'NotAnApprover', message: oneLine(`${actor.id} may not decide here; it is for ${who}`, 500) };
  }

  /** A named approver, a member of a named group or role as the vendor just confirmed, or who was handed the decision; never an outsider. */
  #mayApprove(actor: Actor): boolean {
    const { approval } = this.#record;
    if (approval === null || actor.trust === 'outsider') return false;
    return isApprover(approval.approvers, actor) || (approval.delegates?.includes(actor.id) ?? false);
  }

  #ending(): string {
    const { outcome } = this.#record;
    return outcome === null ? '' : `: ${outcome.kind} (${outcome.reason})`;
  }

  /** Throws the refusal as the typed failure that the sender of an update sees. */
  validate(decision: ApprovalDecision): void {
    const refusal = this.refusal(decision);
    if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
  }

  /** Takes a decision that counts; a repeat of the same one changes nothing. */
  take(decision: ApprovalDecision): DecisionReceipt {
    const record = this.#record;
    if (this.#decision === null) {
      this.#decision = decision;
      record.asking = false;
      record.decision = { verdict: decision.verdict, by: decision.actor.id };
      record.note(`${decision.actor.id}: ${decision.verdict}`);
      record.audit('decision', decisionFacts(decision), decision.actor.id);
      record.showCard();
    }
    return { accepted: true, state: record.state };
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

  /** Waits for a person to let the change go out. What was proven may be overtaken by fresh evidence. */
  async wait(control: Control, reasons: readonly string[]): Promise<Approved> {
    const answer = await this.ask(control, reasons);
    if (answer.kind !== 'rejected') return answer;
    return { kind: 'end', outcome: { kind: 'rejected', reason: 'person-said-no', detail: answer.detail } };
  }

  /** Asks people about the change set up the ladder: reminders, the next group, expiry. */
  async ask(control: Control, reasons: readonly string[], question: Question = MAY_IT_GO): Promise<Answered> {
    const record = this.#record;
    const { changeSet, incident } = record;
    const about = question.about ?? (changeSet === null ? null : { ...incident, paths: changeSet.paths });
    const hash = question.hash ?? changeSet?.hash;
    if (about?.approvers === undefined || hash === undefined) throw new Error('approval is asked for before there is anything to approve');
    const ladder = approvalLadder(record.input.settings.timings, about.approval);
    const asked = Date.now();
    const until = new Date(asked + (ladder.at(-1)?.atMs ?? 0)).toISOString();
    this.#question = question;
    this.#decision = null;
    record.decision = null;
    record.approval = {
      changeSetHash: hash,
      approvers: about.approvers,
      paths: about.paths.slice(0, 10),
      reasons: reasons.slice(0, 10),
      until,
    };
    record.asking = true;
    record.move('awaiting-approval', question.move);
    this.#present(hash);
    this.#say('approval-wanted', 'ask for approval', `${question.wanted}: ${record.title}. suture approve ${record.id}`, '0');
    try {
      const waits = question.about === undefined ? `Waits for approval of change set ${hash.slice(0, 12)}` : question.move;
      await record.claim([waits, ...reasons]);
      for (const rung of ladder) {
        const answered = await this.#answered(control, asked + rung.atMs, describe(rung));
        if (answered !== null) return answered;
        if (rung.kind === 'remind') this.#remind(rung);
        if (rung.kind === 'escalate') this.#escalate(rung.step, rung.number);
      }
    } finally {
      record.asking = false;
      // What can no longer be decided must not be offered any more; the end shows its own card.
      if (!record.over) record.showCard();
    }
    return { kind: 'end', outcome: expired(ladder) };
  }

  async #answered(control: Control, deadline: number, summary: string): Promise<Answered | null> {
    for (;;) {
      const left = Math.max(1, deadline - Date.now());
      const told = await condition(() => this.#decision !== null || control.wantsRefresh, left, { summary });
      const decision = this.#decision;
      if (decision !== null) {
        if (decision.verdict === 'approve') return { kind: 'approved', by: decision.actor.id };
        const comment = decision.comment === undefined ? '' : `: ${decision.comment}`;
        return { kind: 'rejected', detail: oneLine(`${decision.actor.id} said no${comment}`, 500) };
      }
      if (!told) return null;
      const fresh = await control.refresh();
      if (fresh.kind !== 'same') return fresh;
    }
  }

  #remind({ number, of }: Extract<Rung, { kind: 'remind' }>): void {
    const record = this.#record;
    record.note(`Reminder ${number} of ${of}`);
    const text = `reminder ${number} of ${of}: ${this.#question.wanted}: ${record.title}. suture approve ${record.id}`;
    this.#say('reminder', 'remind', text, String(number), { reminder: number });
    record.showCard();
  }

  /** More people may decide from now on; who could before still can. */
  #escalate(step: EscalationStep, number: number): void {
    const record = this.#record;
    const { approval } = record;
    if (approval === null) return;
    // Nobody named means any maintainer, who must not lose their say by others being named.
    const before = approval.approvers.length === 0 ? ['role:maintainer'] : approval.approvers;
    const approvers = [...new Set([...before, ...step.approvers])];
    record.approval = { ...approval, approvers };
    const who = step.approvers.join(', ');
    record.note(`Nobody decided: ${who} may decide now, too`);
    record.audit('approval-escalated', { step: number, approvers: oneLine(who, 300), hash: approval.changeSetHash });
    const text = `nobody decided yet, so ${who} may, too: ${this.#question.wanted}: ${record.title}. suture approve ${record.id}`;
    this.#say('approval-wanted', 'ask the next ones', text, `next-${number}`, step.tell.length === 0 ? {} : { tell: step.tell });
    record.showCard();
  }

  /** Stores the diff of what is asked about, beside the wait: who decides can read it, and the wait does not depend on it. */
  #present(hash: string): void {
    const record = this.#record;
    const { changeSet } = record;
    if (changeSet === null || this.#question.about !== undefined) return;
    this.#presenting.tell('the diff', async () => {
      const { diff } = await act('presentChange', 'store the diff for who decides', { repo: record.input.repo, changeSet });
      if (diff === null || record.approval?.changeSetHash !== hash) return;
      record.approval = { ...record.approval, diff };
      record.show();
    });
  }

  #say(
    kind: 'approval-wanted' | 'reminder',
    summary: string,
    text: string,
    rung: string,
    extra: { readonly reminder?: number; readonly tell?: readonly Addressee[] } = {},
  ): void {
    const record = this.#record;
    const key = `${record.key}/${this.#question.name}/${record.turn}/${rung}`;
    record.tell(summary, () => act('notify', summary, { key, healingId: record.id, kind, text: plain(text, 500), ...extra }));
  }
}

function decisionFacts(decision: ApprovalDecision): Readonly<Record<string, string>> {
  const { groups, trust } = decision.actor;
  return {
    verdict: decision.verdict,
    hash: decision.changeSetHash,
    via: decision.via,
    trust,
    ...(groups === undefined || groups.length === 0 ? {} : { groups: oneLine(groups.join(', '), 300) }),
    ...(decision.comment === undefined ? {} : { comment: oneLine(decision.comment, 300) }),
  };
}

function describe(rung: Rung): string {
  switch (rung.kind) {
    case 'remind':
      return `waits for a person; reminder ${rung.number} of ${rung.of} comes next`;
    case 'escalate':
      return `waits for a person; then ${rung.step.approvers.join(', ')} may decide, too`;
    case 'expire':
      return 'waits for a person; gives up next';
  }
}

function expired(ladder: readonly Rung[]): Outcome {
  const reminders = ladder.filter((rung) => rung.kind === 'remind').length;
  const steps = ladder.filter((rung) => rung.kind === 'escalate').length;
  const asked = steps === 0 ? '' : ` and ${steps} escalation${steps === 1 ? '' : 's'}`;
  return { kind: 'expired', reason: 'approval-expired', detail: `Nobody decided in time, after ${reminders} reminders${asked}.` };
}

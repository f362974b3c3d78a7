import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { DecisionReceipt, DecisionRefusal, DelegateRequest } from '../domain/messages.ts';
import { act } from './activity-options.ts';
import type { ApprovalDesk, Refusal } from './approval.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine, plain } from './plain.ts';

/** Hand-overs of one question; who keeps handing on helps nobody. */
const MOST_DELEGATES = 10;

/** An approver hands the decision to somebody else: sent as an update, or as a signal while no worker answers. */
export class Delegation {
  readonly #record: HealingRecord;
  readonly #desk: ApprovalDesk;
  readonly #under = new Map<string, Promise<DecisionReceipt>>();

  constructor(record: HealingRecord, desk: ApprovalDesk) {
    this.#record = record;
    this.#desk = desk;
  }

  /** Throws why this cannot be handed on. Must stay synchronous. */
  validate(request: DelegateRequest): void {
    if (this.#under.has(request.id)) return;
    const refusal = this.#refusal(request);
    if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
  }

  #refusal({ actor, changeSetHash, to }: DelegateRequest): Refusal | null {
    const refusal = this.#desk.closed(changeSetHash) ?? this.#desk.unfitToDelegate(actor);
    if (refusal !== null) return refusal;
    const { approval, incident } = this.#record;
    if (!/^\S{1,200}$/.test(to)) return notADelegate('the name of who is to decide is no id of a person');
    if ((approval?.delegates?.length ?? 0) >= MOST_DELEGATES) return notADelegate('this was handed on too often; ask one of those');
    if (incident?.barred?.includes(to)) return notADelegate(`${oneLine(to, 100)} asked for this healing and may not approve it`);
    return null;
  }

  /** Hands it on after the vendor said who the other one is; a repeat of the same request gets the same answer. */
  take(request: DelegateRequest): Promise<DecisionReceipt> {
    const known = this.#under.get(request.id);
    if (known !== undefined) return known;
    const taking = this.#take(request);
    this.#under.set(request.id, taking);
    // One that was refused may be asked again, when the vendor knows the other one by then.
    taking.catch(() => this.#under.delete(request.id));
    return taking;
  }

  async #take(request: DelegateRequest): Promise<DecisionReceipt> {
    const record = this.#record;
    const { approval } = record;
    const refused = (refusal: Refusal): ApplicationFailure => {
      record.note(`A hand-on of the decision did not count: ${refusal.type}`);
      record.audit('delegation-refused', { type: refusal.type, to: oneLine(request.to, 200), via: request.via }, request.actor.id);
      return ApplicationFailure.nonRetryable(refusal.message, refusal.type);
    };
    const other = await this.#identify(request.to, approval?.approvers ?? []);
    // While the vendor was asked, somebody may have decided.
    const late = this.#refusal(request);
    if (late !== null) throw refused(late);
    if (other === null) throw refused(notADelegate(`nobody could say who ${oneLine(request.to, 100)} is; try again later`));
    if (other.trust === 'outsider' || other.trust === 'system')
      throw refused(notADelegate(`${oneLine(other.id, 100)} has no rights in this repository`));
    if (record.approval === null || record.incident?.barred?.includes(other.id))
      throw refused(notADelegate(`${oneLine(other.id, 100)} may not approve this healing`));
    const delegates = [...new Set([...(record.approval.delegates ?? []), other.id])];
    record.approval = { ...record.approval, delegates };
    record.note(`${request.actor.id} handed the decision to ${other.id}`);
    record.audit('delegated', { to: other.id, trust: other.trust, hash: request.changeSetHash, via: request.via }, request.actor.id);
    const text = `${request.actor.id} handed the decision to ${other.id}: ${record.title}. suture approve ${record.id}`;
    record.tell('who decides now', () =>
      act('notify', 'say who decides now', {
        key: `${record.key}/approval/${record.turn}/delegate-${delegates.length}-${oneLine(other.id, 60)}`,
        healingId: record.id,
        kind: 'approval-wanted',
        text: plain(text, 500),
      }),
    );
    record.showCard();
    return { accepted: true, state: record.state };
  }

  async #identify(id: string, groups: readonly string[]) {
    try {
      return await CancellationScope.nonCancellable(() =>
        act('identifyActor', `who is ${oneLine(id, 60)}`, { repo: this.#record.input.repo, id, groups }),
      );
    } catch {
      return null;
    }
  }

  /** The signal fallback: what does not count is recorded, because its sender is gone. */
  async takeLater(request: DelegateRequest): Promise<void> {
    if (typeof request?.actor?.id !== 'string' || typeof request.id !== 'string' || typeof request.to !== 'string') {
      this.#record.note('Something that hands no decision on was sent as if it did.');
      return;
    }
    try {
      this.validate(request);
    } catch (error) {
      const type: string = error instanceof ApplicationFailure ? (error.type ?? 'refused') : 'refused';
      this.#record.note(`A hand-on of the decision did not count: ${type}`);
      this.#record.audit('delegation-refused', { type, via: oneLine(String(request.via), 20) }, oneLine(request.actor.id, 200));
      return;
    }
    // Why it was refused is recorded where it was.
    await this.take(request).catch(() => undefined);
  }
}

function notADelegate(message: string): Refusal {
  return { type: 'NotADelegate' satisfies DecisionRefusal, message };
}

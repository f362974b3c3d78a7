import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { DecisionReceipt, DecisionRefusal, SplitRequest } from '../domain/messages.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';

/** A person undoes a correlation: what another healing saw goes back to it, and the two are not joined again. Sent as an update, or as a signal while no worker answers. */
export class Splitting {
  readonly #record: HealingRecord;
  readonly #control: Control;
  readonly #under = new Map<string, Promise<DecisionReceipt>>();

  constructor(record: HealingRecord, control: Control) {
    this.#record = record;
    this.#control = control;
  }

  /** Throws why this cannot be split. Must stay synchronous. */
  validate(request: SplitRequest): void {
    if (this.#under.has(request.id)) return;
    const refusal = this.#refusal(request);
    if (refusal !== null) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
  }

  #refusal({ actor, joined }: SplitRequest): { readonly type: DecisionRefusal; readonly message: string } | null {
    const record = this.#record;
    if (record.over || this.#control.ending) return { type: 'HealingEnded', message: 'this healing has ended' };
    if (actor.trust === 'outsider') return { type: 'NotAnApprover', message: `${actor.id} may not split this` };
    if (record.inbox.joined.every(({ healingId }) => healingId !== joined))
      return { type: 'NotJoined', message: `nothing of ${oneLine(joined, 200)} was joined to this healing` };
    return null;
  }

  /** Splits; a repeat of the same request gets the same answer. */
  take(request: SplitRequest): Promise<DecisionReceipt> {
    const known = this.#under.get(request.id);
    if (known !== undefined) return known;
    const taking = this.#take(request);
    this.#under.set(request.id, taking);
    taking.catch(() => this.#under.delete(request.id));
    return taking;
  }

  async #take({ joined, actor }: SplitRequest): Promise<DecisionReceipt> {
    const record = this.#record;
    // Taken out at once: two people who split the same at the same time split it once.
    const signals = record.inbox.takeJoined(joined);
    record.note(`${actor.id} split ${joined} from this healing`);
    record.audit('split', { joined: oneLine(joined, 300), signals: signals.length }, actor.id);
    try {
      await CancellationScope.nonCancellable(() =>
        act('splitHealings', `give ${joined} its evidence back`, {
          repo: record.input.repo,
          healingId: record.id,
          joined,
          signals,
          settings: record.input.settings,
        }),
      );
    } catch (error) {
      record.inbox.putBack(signals);
      record.note(`${joined} could not get its evidence back`);
      throw error;
    }
    this.#control.startOver();
    return { accepted: true, state: record.state };
  }

  /** The signal fallback: what does not count is noted, because its sender is gone. */
  async takeLater(request: SplitRequest): Promise<void> {
    if (typeof request?.actor?.id !== 'string' || typeof request.id !== 'string' || typeof request.joined !== 'string') return;
    const refusal = this.#under.has(request.id) ? null : this.#refusal(request);
    if (refusal === null) await this.take(request).catch(() => undefined);
    else this.#record.note(`A split did not count: ${refusal.type}`);
  }
}

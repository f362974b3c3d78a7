import { condition, getExternalWorkflowHandle, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import { coordinatorId } from '../domain/ids.ts';
import type { AdmissionAnswer, SlotRelease, SlotRequest } from '../domain/messages.ts';
import type { Outcome } from '../domain/outcome.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { releaseSlot } from './messages.ts';
import { SIGNALS_BUDGET } from './normalizing.ts';
import { withinBudget } from './signals-inbox.ts';

/** How often a healing asks again after the one it should merge into was gone. */
const MERGE_TRIES = 5;

/** How the repository's coordinator is asked, and what is owed to it. */
export class Admission {
  readonly #record: HealingRecord;
  #answers: AdmissionAnswer[] = [];
  #known = false;

  constructor(record: HealingRecord) {
    this.#record = record;
  }

  /** Takes in an answer, from the signal handler. */
  answer(answer: AdmissionAnswer): void {
    this.#answers.push(answer);
  }

  /** Asks for a slot and waits for it, however long; while waiting, late signals and the stop switch work. */
  async obtain(
    control: Control,
  ): Promise<{ readonly kind: 'granted'; readonly attemptsUsed: number } | { readonly kind: 'end'; readonly outcome: Outcome }> {
    const record = this.#record;
    record.move('admitting', 'Asks the coordinator of the repository');
    await control.safePoint();
    record.progress.mark('queued');
    await this.#ask();
    for (let mergeTries = 0; ; ) {
      await condition(() => this.#answers.length > 0 || control.wantsRefresh, record.input.settings.timings.slotLeaseMs, {
        summary: 'wait for a slot',
      });
      if (control.wantsRefresh) {
        const fresh = await control.refresh();
        if (fresh.kind === 'end') return fresh;
        continue;
      }
      const answer = this.#answers.shift();
      if (answer === undefined) {
        await this.#ask();
        continue;
      }
      switch (answer.kind) {
        case 'granted':
          record.progress.mark('granted');
          record.audit('slot-granted', { attemptsUsed: answer.attemptsUsed });
          return answer;
        case 'waiting':
          if (record.state === 'admitting') record.move('waiting-for-slot', `Waits for a slot behind ${answer.ahead} others`);
          break;
        case 'refused':
          this.#known = false;
          return { kind: 'end', outcome: { kind: 'abstained', reason: answer.reason, detail: answer.detail } };
        case 'merge-into': {
          if (await this.#mergeInto(answer.healingId, answer.why)) {
            this.#known = false;
            return { kind: 'end', outcome: { kind: 'merged-into', reason: 'correlated', detail: `${answer.healingId}: ${answer.why}` } };
          }
          mergeTries += 1;
          if (mergeTries >= MERGE_TRIES) {
            return {
              kind: 'end',
              outcome: {
                kind: 'escalated',
                reason: 'internal-error',
                detail: `It should merge into ${answer.healingId}, which takes no evidence.`,
              },
            };
          }
          record.note(`${answer.healingId} had ended before it took the evidence`);
          await sleep(Math.max(1, record.input.settings.timings.gatherMs), { summary: 'ask again' });
          await this.#ask();
          break;
        }
      }
    }
  }

  /** An alert that nothing in the repository explains belongs to the healing whose fix of that service is still watched: an outcome when there is one. */
  async joinWatched(service: string): Promise<Outcome | null> {
    const { id, input } = this.#record;
    const { healingId } = await act('findWatched', `who watches ${service}`, { repo: input.repo, service });
    if (healingId === null || healingId === id || !(await this.#mergeInto(healingId, `an alert of ${service}, which is still watched`)))
      return null;
    const detail = `${healingId}: its fix of ${service} is still watched, and the problem came back`;
    return { kind: 'merged-into', reason: 'correlated', detail: detail.slice(0, 500) };
  }

  /** Hands the slot back and reports what was used, and until when production is watched; a coordinator that is gone keeps no slot either. */
  async release(outcome: Outcome, watchMs?: number): Promise<void> {
    const record = this.#record;
    const about = record.incident ?? record.alert;
    if (!this.#known || about === null) return;
    const { dryRun, timings } = record.input.settings;
    // A new head may be healed at once, and a person who asked may ask again.
    const cools = outcome.kind !== 'superseded' && record.input.request === undefined && !dryRun;
    const release: SlotRelease = {
      healingId: record.id,
      runId: workflowInfo().runId,
      signature: about.signature,
      // A dry run costs its owner no attempt.
      attemptsUsed: dryRun ? 0 : record.attemptsBegun,
      outcome: outcome.kind,
      reason: outcome.reason,
      ...(about.service === undefined ? {} : { service: about.service }),
      ...(watchMs === undefined ? {} : { watchUntil: new Date(Date.now() + timings.cooldownMs + watchMs).toISOString() }),
      coolUntil: new Date(Date.now() + (cools ? timings.cooldownMs : 0)).toISOString(),
    };
    try {
      await getExternalWorkflowHandle(coordinatorId(record.input.repo)).signal(releaseSlot, release);
    } catch (error) {
      if (isCancellation(error)) throw error;
      record.note('The coordinator was gone when the slot was handed back.');
    }
  }

  async #ask(): Promise<void> {
    this.#known = true;
    await act('requestSlot', 'ask for a slot', { repo: this.#record.input.repo, request: this.#request() });
  }

  /** Forwards all evidence, what arrives meanwhile included: a signal that this healing took in must not end with it. */
  async #mergeInto(into: string, why: string): Promise<boolean> {
    const record = this.#record;
    for (let forwarded = -1; forwarded < record.inbox.total; ) {
      forwarded = record.inbox.total;
      const signals = withinBudget(record.inbox.signals, SIGNALS_BUDGET);
      const { delivered } = await act('forwardSignals', `forward the evidence to ${into}`, { into, signals, from: record.id, why });
      if (!delivered) return false;
    }
    return true;
  }

  #request(): SlotRequest {
    const { incident, alert, input, inbox, id } = this.#record;
    const about = incident ?? alert;
    if (about === null) throw new Error('a slot is asked for before the evidence was read');
    const { caps, timings } = input.settings;
    const kind = incident?.kind ?? 'alert';
    const shas = [incident?.headSha, about.deployedSha].filter((sha) => sha !== undefined);
    return {
      healingId: id,
      runId: workflowInfo().runId,
      subject: input.subject,
      signature: about.signature,
      title: about.title,
      kind,
      ...(about.service === undefined ? {} : { service: about.service }),
      shas: [...new Set(shas)],
      priority: kind === 'alert' || about.service !== undefined ? 1 : input.request ? 2 : 3,
      since: inbox.signals[0]?.at ?? workflowInfo().startTime.toISOString(),
      slots: caps.slotsPerRepository,
      leaseMs: timings.slotLeaseMs,
      attemptsCap: about.attempts,
      ledgerTtlMs: timings.ledgerTtlMs,
      ...(about.correlation === undefined ? {} : { correlation: about.correlation }),
      ...(timings.workerLostMs === undefined ? {} : { workerLostMs: timings.workerLostMs }),
    };
  }
}

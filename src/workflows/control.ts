import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Outcome } from '../domain/outcome.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import type { Refreshed } from './normalizing.ts';
import { normalizeAgain } from './normalizing.ts';
import { isEvidence } from './signals-inbox.ts';

/** What people and the world may do to a running healing: stop it, pause it, move the ground under it. */
export class Control {
  readonly #record: HealingRecord;
  readonly #scope = new CancellationScope();
  #restartable: CancellationScope | null = null;
  #ending: Outcome | null = null;
  #fault: unknown = null;
  #judging = false;
  #refresh = false;
  #restart = false;
  #nudges = 0;
  readonly #deployed: string[] = [];

  constructor(record: HealingRecord) {
    this.#record = record;
  }

  /** Ends the story at once, wherever it stands; the first one counts. */
  end(outcome: Outcome): void {
    if (this.#ending !== null || this.#record.over) return;
    this.#ending = outcome;
    this.#scope.cancel();
  }

  /** Whether the end was called for. */
  get ending(): boolean {
    return this.#ending !== null;
  }

  /** Tells the story under control; always gives an outcome, save for a fault in workflow code, which is thrown. */
  async run(story: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = await this.#tell(story);
    return this.#ending ?? outcome;
  }

  async #tell(story: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await this.#scope.run(() => this.#watched(story));
    } catch (error) {
      if (this.#fault !== null) throw this.#fault;
      if (isCancellation(error))
        return this.#ending ?? { kind: 'cancelled', reason: 'stopped-by-person', detail: 'The workflow was cancelled.' };
      const outcome = outcomeOfFailure(error);
      if (outcome === null) throw error;
      return outcome;
    }
  }

  /** The story with the watch over late signals beside it. The story is always awaited to its own end: a merge that is under way must not be overtaken by its undoing. */
  async #watched(story: () => Promise<Outcome>): Promise<Outcome> {
    const watch = new CancellationScope();
    const watching = watch
      .run(() => this.#watch())
      .catch((error: unknown) => {
        if (isCancellation(error)) return;
        this.#fault = error;
        this.#scope.cancel();
      });
    try {
      return await story();
    } finally {
      watch.cancel();
      await watching;
    }
  }

  /** Call before every side effect: waits while paused and until every signal that arrived was looked at, with the audit trail up to date. */
  async safePoint(): Promise<void> {
    await this.#record.auditsWritten();
    await condition(() => !this.#record.paused && this.#record.inbox.waiting === 0 && !this.#judging);
  }

  /** Runs work that a moved head makes worthless; `restart` when that happened. */
  async restartable<T>(work: () => Promise<T>): Promise<T | 'restart'> {
    const scope = new CancellationScope();
    this.#restartable = scope;
    try {
      return await scope.run(work);
    } catch (error) {
      if (isCancellation(error) && this.#restart && !this.#scope.consideredCancelled) return 'restart';
      throw error;
    } finally {
      this.#restartable = null;
    }
  }

  /** Whether fresh evidence waits to be read. */
  get wantsRefresh(): boolean {
    return this.#refresh;
  }

  /** Evidence that was read is out of date. */
  wantFresh(): void {
    this.#refresh = true;
  }

  /** What was read so far no longer counts: work that has written nothing yet begins again. */
  startOver(): void {
    this.#refresh = true;
    if (this.#record.change !== null) return;
    this.#restart = true;
    this.#restartable?.cancel();
  }

  /** Reads fresh evidence if there is any. Once a change is published only a dossier of the same failure is taken over. */
  async refresh(): Promise<Refreshed> {
    if (!this.#refresh) return { kind: 'same' };
    this.#refresh = false;
    this.#restart = false;
    return await normalizeAgain(this.#record);
  }

  /** Waits for news or for the time to pass; a slow poll behind the events. */
  async news(milliseconds: number, summary: string): Promise<void> {
    const before = this.#nudges;
    await condition(() => this.#nudges > before, Math.max(1, milliseconds), { summary });
  }

  /** Whether a deployment of this commit was reported as finished. */
  deploymentSeen(sha: string): boolean {
    return this.#deployed.includes(sha);
  }

  async #watch(): Promise<never> {
    for (;;) {
      await condition(() => this.#record.inbox.waiting > 0 && this.#record.state !== 'received' && this.#record.state !== 'normalizing');
      const signal = this.#record.inbox.next();
      if (signal === undefined) continue;
      this.#judging = true;
      try {
        await this.#consider(signal);
      } finally {
        this.#judging = false;
        this.#nudges += 1;
      }
    }
  }

  async #consider(signal: Signal): Promise<void> {
    const record = this.#record;
    if (signal.kind === 'deployment-finished') {
      if (signal.sha !== undefined && this.#deployed.length < 50) this.#deployed.push(signal.sha);
      record.note(`A deployment finished: ${signal.summary}`);
      return;
    }
    const ofOurChange = signal.facts['own'] === 'true' || (signal.sha !== undefined && signal.sha === record.change?.headSha);
    if (ofOurChange && (signal.kind === 'check-failed' || signal.kind === 'check-passed')) return;
    if (isEvidence(signal) && record.mergeSha === null) {
      this.#refresh = true;
      record.note(`Evidence joined: ${signal.summary}`);
      const { mergedFrom, mergedWhy } = signal.facts;
      record.audit('evidence-joined', {
        kind: signal.kind,
        signal: signal.id,
        ...(mergedFrom === undefined ? {} : { from: mergedFrom, why: mergedWhy ?? '' }),
      });
      return;
    }
    const course = await this.#judge(signal);
    if (course === null) return;
    const note = course.kind === 'end' ? course.outcome.detail : course.note;
    record.note(`${signal.kind}: ${note}`);
    record.audit('course', { kind: signal.kind, signal: signal.id, course: course.kind }, signal.actor.id);
    if (course.kind === 'end') this.end(course.outcome);
    if (course.kind === 'renormalize' && record.change === null) this.startOver();
  }

  async #judge(signal: Signal) {
    const record = this.#record;
    try {
      return await act('judgeSignal', `what ${signal.kind} means now`, {
        healingId: record.id,
        subject: record.input.subject,
        state: record.state,
        incident: record.incident,
        change: record.change,
        ...(record.alert === null ? {} : { alert: true }),
        signal,
      });
    } catch (error) {
      if (isCancellation(error) || outcomeOfFailure(error) === null) throw error;
      record.note(`The signal ${signal.kind} could not be judged; the healing goes on.`);
      return null;
    }
  }
}

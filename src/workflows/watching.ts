import { allHandlersFinished, CancellationScope, condition, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { HealthFacts } from '../activities/contract.ts';
import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import type { HealingRecord, RecordState } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { readHealth } from './production.ts';
import { isEvidence } from './signals-inbox.ts';

/** Bad readings in a row that mean that the problem is back. */
const BAD_READINGS = 2;

/** When production is looked at again, in milliseconds after it was verified, soonest first; none where nothing was verified. */
export function horizons(record: HealingRecord, outcome: Outcome): readonly number[] {
  const { settings, request } = record.input;
  const verified = outcome.kind === 'healed' && (outcome.reason === 'verified' || outcome.reason === 'kept-by-person');
  if (!verified || settings.dryRun || request !== undefined || record.incident?.service === undefined) return [];
  return [...(record.incident.watchMs ?? settings.timings.watchMs ?? [])].sort((one, other) => one - other);
}

/** A healing that watches production, between two runs of it: small, so that it may go on in a new run as often as its signals want it. */
export interface WatchState {
  readonly record: RecordState;
  /** When production is looked at again, milliseconds since the epoch, soonest first. */
  readonly due: readonly number[];
  /** Commits whose failure is no news. */
  readonly known: readonly string[];
  /** The decision of a person that counted: the same once more is answered as it was. */
  readonly decision: ApprovalDecision | null;
}

/** What watching came to: signals that show that the problem is back or that another one began, none when all stayed well; `goes-on`: the history is long enough, and a new run is to go on. */
export type Watched = readonly Signal[] | 'goes-on';

/** Stays with production after the fix: looks at it again at each horizon and takes in what arrives. */
export class Watch {
  readonly #record: HealingRecord;
  readonly #known: ReadonlySet<string>;
  #due: readonly number[];

  constructor(record: HealingRecord, { due, known }: Pick<WatchState, 'due' | 'known'>) {
    this.#record = record;
    this.#due = due;
    this.#known = new Set(known);
  }

  /** Begins now. What is known by now is settled: the same alert once more is news from here on. */
  static begin(record: HealingRecord, outcome: Outcome): Watch {
    const now = Date.now();
    const known = record.inbox.settle().flatMap(({ sha }) => (sha === undefined ? [] : [sha]));
    return new Watch(record, { due: horizons(record, outcome).map((horizon) => now + horizon), known: [...new Set(known)] });
  }

  /** Watches until there is news, until the last horizon has passed, or until a new run is to go on. */
  async look(): Promise<Watched> {
    for (let due = this.#due[0]; due !== undefined; due = this.#due[0]) {
      const news = await this.#until(due);
      if (news === 'goes-on' || news.length > 0) return news;
      const back = await lookAgain(this.#record);
      if (back !== null) return [back];
      this.#due = this.#due.slice(1);
    }
    return [];
  }

  /** Takes in what arrived: an alert, a wish or the failure of a commit that was not there before is news. */
  news(): readonly Signal[] {
    return this.#record.inbox.takeNews(
      (signal) => isEvidence(signal) && (signal.kind !== 'check-failed' || (signal.sha !== undefined && !this.#known.has(signal.sha))),
    );
  }

  /** What the next run goes on with. */
  handOver(decision: ApprovalDecision | null): WatchState {
    return { record: this.#record.handOver(), due: this.#due, known: [...this.#known], decision };
  }

  async #until(deadline: number): Promise<Watched> {
    let due = false;
    // One timer for the whole wait: begun anew at each signal, it would make history longer by half.
    const timer = new CancellationScope();
    const rung = timer
      .run(() => sleep(Math.max(1, deadline - Date.now()), { summary: 'until production is looked at again' }))
      .then(
        () => {
          due = true;
        },
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
    try {
      for (;;) {
        await condition(() => due || this.#record.inbox.waiting > 0 || this.#mayGoOn());
        const news = this.news();
        if (news.length > 0 || due) return news;
        if (this.#mayGoOn()) return 'goes-on';
      }
    } finally {
      timer.cancel();
      await rung;
    }
  }

  /** Whether the history is long enough and nothing is on its way that a new run would not know of. */
  #mayGoOn(): boolean {
    const { inbox, input, quiet } = this.#record;
    const long = workflowInfo().continueAsNewSuggested || inbox.taken >= (input.settings.caps.signalsPerRun ?? Number.POSITIVE_INFINITY);
    return long && quiet && allHandlersFinished();
  }
}

/** Measures production once more; a signal that says what is wrong when it is. */
async function lookAgain(record: HealingRecord): Promise<Signal | null> {
  const { incident, input } = record;
  if (incident === null) return null;
  const after: HealthFacts[] = [];
  while (after.length < BAD_READINGS) {
    const reading = await readHealth(record, 'measure production again');
    if (reading === null) return null;
    if (reading.ok !== false) {
      record.note(reading.ok === true ? 'Production is still well' : 'Production could not be judged this time');
      record.audit('watched', { ok: reading.ok });
      return null;
    }
    after.push(reading);
    if (after.length < BAD_READINGS) await sleep(input.settings.timings.verifyPollMs, { summary: 'look twice' });
  }
  const { detail } = await act('judgeHealth', 'is it back', {
    dossier: incident.dossier,
    before: null,
    after,
    windowMs: 0,
    elapsedMs: 0,
    timeoutMs: 0,
  });
  record.note(`The problem is back: ${detail}`);
  record.audit('recurred', { detail: oneLine(detail, 300) });
  return {
    id: `${record.key}/recurred`.slice(-200),
    source: 'suture',
    kind: 'alert-triggered',
    repo: input.repo,
    subject: input.subject,
    at: new Date().toISOString(),
    actor: { id: 'suture', trust: 'system' },
    summary: oneLine(`Production of ${incident.service ?? ''} is bad again: ${detail}`, 300),
    ...(incident.service === undefined ? {} : { service: incident.service }),
    facts: { environment: incident.environment ?? 'production' },
  };
}

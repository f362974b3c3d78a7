import { allHandlersFinished, CancellationScope, condition, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { Activities, HealthFacts } from '../activities/contract.ts';
import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import type { HealingRecord, RecordState } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { readHealth } from './production.ts';
import { addReading } from './readings.ts';
import { isEvidence } from './signals-inbox.ts';

/** Looks at one horizon at most, where production cannot be measured or is bad only now and then. */
const LOOKS = 4;

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
  /** When production is looked at again, milliseconds since the epoch, and over how long a window; soonest first. */
  readonly due: ReadonlyArray<{ readonly at: number; readonly windowMs: number }>;
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
  #due: WatchState['due'];

  constructor(record: HealingRecord, { due, known }: Pick<WatchState, 'due' | 'known'>) {
    this.#record = record;
    this.#due = due;
    this.#known = new Set(known);
  }

  /** Begins now. What is known by now is settled: the same alert once more is news from here on. */
  static begin(record: HealingRecord, outcome: Outcome): Watch {
    const now = Date.now();
    const known = record.inbox.settle().flatMap(({ sha }) => (sha === undefined ? [] : [sha]));
    return new Watch(record, {
      due: horizons(record, outcome).map((windowMs) => ({ at: now + windowMs, windowMs })),
      known: [...new Set(known)],
    });
  }

  /** Watches until there is news, until the last horizon has passed, or until a new run is to go on. */
  async look(): Promise<Watched> {
    for (let due = this.#due[0]; due !== undefined; due = this.#due[0]) {
      const news = await this.#until(due.at);
      if (news === 'goes-on' || news.length > 0) return news;
      const back = await lookAgain(this.#record, due.windowMs);
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

/** How long a window is, in the largest unit that is no fraction. */
function inWords(ms: number): string {
  const units = [
    [24 * 3_600_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
    [1_000, 'seconds'],
  ] as const;
  const [unit, name] = units.find(([size]) => ms >= 2 * size && ms % size === 0) ?? [1, 'ms'];
  return `${ms / unit} ${name}`;
}

/** Measures production once more, over the window that has passed; a signal that says what is wrong when it is. */
async function lookAgain(record: HealingRecord, windowMs: number): Promise<Signal | null> {
  const { incident, input } = record;
  if (incident === null) return null;
  const after: HealthFacts[] = [];
  let judged: Awaited<ReturnType<Activities['judgeWatched']>> = { verdict: 'inconclusive', detail: '' };
  for (let look = 1; look <= LOOKS; look += 1) {
    if (look > 1) await sleep(input.settings.timings.verifyPollMs, { summary: 'look twice' });
    const reading = await readHealth(record, 'measure production again', { windowMs });
    if (reading !== null) addReading(after, reading);
    judged = await act('judgeWatched', 'is it still well', { before: record.verified, after });
    if (judged.verdict !== 'again') break;
  }
  const { verdict, detail } = judged;
  const window = inWords(windowMs);
  if (verdict !== 'worse') {
    // What could not be seen twice is not known.
    const shown = verdict === 'again' ? 'inconclusive' : verdict;
    record.note(`Production after ${window}: ${shown}: ${detail}`);
    record.audit('watched', { window, verdict: shown, ok: after.at(-1)?.ok ?? null, detail: oneLine(detail, 300) });
    return null;
  }
  record.note(`The problem is back after ${window}: ${detail}`);
  record.audit('recurred', { window, detail: oneLine(detail, 300) });
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

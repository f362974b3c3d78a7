import type { Signal, SignalKind } from '../domain/signal.schema.ts';

/** Kinds that report the problem itself; the others report that the world moved on. */
const EVIDENCE: ReadonlySet<SignalKind> = new Set(['check-failed', 'alert-triggered', 'requested', 'patrol-found']);

/** Delivery ids remembered; enough for every delivery of a storm, small in memory, never in history. */
const SEEN = 2_000;
/** Of them, those that the next run of a healing knows: a delivery that was taken is repeated within minutes, if at all. */
const SEEN_HANDED_OVER = 500;
/** A longer signal is stored without its facts: names and one-line facts belong in history, payloads do not. */
const SIGNAL_CHARACTERS = 3_000;

/** What makes two signals say the same thing. */
function sameness(signal: Signal): string {
  const { check, state, workflow } = signal.facts;
  return JSON.stringify([signal.kind, signal.subject, signal.sha, signal.service, check, state, workflow]);
}

/** Whether a signal reports the problem itself. */
export function isEvidence(signal: Signal): boolean {
  return EVIDENCE.has(signal.kind);
}

/** Newest signals first until `characters` of JSON are used up; the first signal always stays, because it started the healing. Order of arrival is kept. */
export function withinBudget(signals: readonly Signal[], characters: number): readonly Signal[] {
  const [first, ...rest] = signals;
  if (first === undefined) return [];
  let left = characters - JSON.stringify(first).length;
  const kept: Signal[] = [];
  for (const signal of rest.reverse()) {
    left -= JSON.stringify(signal).length;
    if (left < 0) break;
    kept.unshift(signal);
  }
  return [first, ...kept];
}

/** Which of too many goes first: the oldest from `from` on that is no evidence of the problem, else the oldest. */
function leastTold(signals: readonly Signal[], from: number): number {
  const found = signals.findIndex((signal, at) => at >= from && !isEvidence(signal));
  return found < 0 ? from : found;
}

/** An inbox between two runs of one healing that watches production: everything kept was settled. */
export interface InboxState {
  readonly total: number;
  readonly repeats: number;
  /** Newest delivery ids, oldest first. */
  readonly seen: readonly string[];
  /** What nobody has looked at. */
  readonly unjudged: readonly Signal[];
}

/** Every signal of one healing: deduplicated by delivery id, bounded, repeats only counted. */
export class SignalsInbox {
  readonly #cap: number;
  readonly #seen: Set<string>;
  readonly #kept: Signal[];
  readonly #shas = new Set<string>();
  readonly #before: number;
  #unjudged: Signal[];
  #total: number;
  #repeats: number;

  constructor(cap: number, carried?: InboxState) {
    this.#cap = cap;
    this.#seen = new Set(carried?.seen);
    this.#kept = [...(carried?.unjudged ?? [])];
    this.#unjudged = [...(carried?.unjudged ?? [])];
    this.#before = carried?.total ?? 0;
    this.#total = this.#before;
    this.#repeats = carried?.repeats ?? 0;
  }

  /** Takes one in; false when it said nothing new: a redelivery, evidence that is known, or a repeat of one that still waits to be looked at. */
  accept(signal: Signal): boolean {
    this.#total += 1;
    const delivery = `${signal.source} ${signal.id}`;
    const known = isEvidence(signal) ? this.#kept : this.#unjudged;
    if (this.#seen.has(delivery) || known.some((other) => sameness(other) === sameness(signal))) {
      this.#repeats += 1;
      return false;
    }
    if (this.#seen.size >= SEEN) this.#seen.delete(this.#seen.values().next().value ?? '');
    this.#seen.add(delivery);
    if (this.#kept.length >= this.#cap && isEvidence(signal) && this.#more(signal)) {
      this.#repeats += 1;
      return false;
    }
    const small = JSON.stringify(signal).length > SIGNAL_CHARACTERS ? { ...signal, facts: {} } : signal;
    // The first one started the healing.
    if (this.#kept.length >= this.#cap) this.#kept.splice(leastTold(this.#kept, 1), 1);
    this.#kept.push(small);
    if (signal.sha !== undefined && this.#shas.size < SEEN) this.#shas.add(signal.sha);
    if (this.#unjudged.length >= this.#cap) this.#unjudged.splice(leastTold(this.#unjudged, 0), 1);
    this.#unjudged.push(small);
    return true;
  }

  /** Whether evidence is more of what is kept: of the same commit, or of the same kind about the same service where there is no commit. */
  #more({ sha, kind, service }: Signal): boolean {
    if (sha !== undefined) return this.#shas.has(sha);
    return this.#kept.some((other) => other.sha === undefined && other.kind === kind && other.service === service);
  }

  /** All kept signals, oldest first. */
  get signals(): readonly Signal[] {
    return this.#kept;
  }

  /** Healings whose evidence was joined to this one, with why and how much of it is kept. */
  get joined(): ReadonlyArray<{ readonly healingId: string; readonly why: string; readonly signals: number }> {
    const found = new Map<string, { readonly why: string; readonly signals: number }>();
    for (const { facts } of this.#kept) {
      const from = facts['mergedFrom'];
      if (from !== undefined) found.set(from, { why: facts['mergedWhy'] ?? '', signals: (found.get(from)?.signals ?? 0) + 1 });
    }
    return [...found].map(([healingId, rest]) => ({ healingId, ...rest }));
  }

  /** Takes out what was joined from one healing, looked at or not. */
  takeJoined(healingId: string): readonly Signal[] {
    const taken = this.#kept.filter(({ facts }) => facts['mergedFrom'] === healingId);
    for (const signal of taken) this.#kept.splice(this.#kept.indexOf(signal), 1);
    this.#unjudged = this.#unjudged.filter((signal) => !taken.includes(signal));
    return taken;
  }

  /** Puts back what was taken out and could not be given away. */
  putBack(signals: readonly Signal[]): void {
    this.#kept.push(...signals);
  }

  /** Closes the books on all that is known: the same evidence once more is news from now on, redeliveries stay dropped. Gives what was kept. */
  settle(): readonly Signal[] {
    this.#shas.clear();
    return this.#kept.splice(0);
  }

  /** Takes out all that nobody has looked at and settles it: what says nothing new is counted as a repeat, the rest is given. */
  takeNews(isNews: (signal: Signal) => boolean): readonly Signal[] {
    const arrived = this.drain();
    const news = arrived.filter(isNews);
    this.#repeats += arrived.filter((signal) => isEvidence(signal) && !news.includes(signal)).length;
    this.settle();
    return news;
  }

  /** What the next run goes on with. */
  handOver(): InboxState {
    return {
      total: this.#total,
      repeats: this.#repeats,
      seen: [...this.#seen].slice(-SEEN_HANDED_OVER),
      unjudged: this.#unjudged,
    };
  }

  /** Signals that this run took, those of earlier runs not counted. */
  get taken(): number {
    return this.#total - this.#before;
  }

  /** Signals that arrived, repeats included. */
  get total(): number {
    return this.#total;
  }

  get repeats(): number {
    return this.#repeats;
  }

  /** Signals that nobody has looked at yet. */
  get waiting(): number {
    return this.#unjudged.length;
  }

  /** Takes the oldest signal that nobody has looked at. */
  next(): Signal | undefined {
    return this.#unjudged.shift();
  }

  /** Takes all that nobody has looked at. */
  drain(): readonly Signal[] {
    const drained = this.#unjudged;
    this.#unjudged = [];
    return drained;
  }
}

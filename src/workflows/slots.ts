import type { ApartPair, CoordinatorInput, CoordinatorState, LedgerEntry, SlotLease, WaitingHealing } from '../domain/coordinator-input.ts';
import type { ApartRequest, CoordinatorView, SlotRelease, SlotRequest } from '../domain/messages.ts';
import type { ReasonCode } from '../domain/outcome.ts';

/** Healings and ledger entries shown to the judge at once: the related ones first. */
const SHOWN = 20;
/** Watched healings remembered. */
const WATCHING = 100;
/** Pairs of healings remembered that a person split. */
const APART = 100;
/** Healings on the wait list. All that a coordinator knows goes through one payload, of which the server takes 2 MB. */
const WAITING = 500;
/** Signatures remembered. */
const LEDGER = 1_000;
/** Commits remembered of one healing. */
const SHAS = 20;

/** Reasons that mean that a person does not want this. */
const NO: ReadonlySet<ReasonCode> = new Set(['person-said-no', 'person-said-no-before', 'change-closed']);

/** A healing that waits or works, as the judge sees it. */
export type OpenHealing = Pick<SlotRequest, 'healingId' | 'subject' | 'signature' | 'kind' | 'service' | 'shas' | 'since'>;

/** What the coordinator keeps: leases, the wait list, the ledger. Plain bookkeeping without any waiting or judging. */
export class Slots {
  leases: SlotLease[];
  waiting: WaitingHealing[];
  #ledger: LedgerEntry[];
  #merges: Array<CoordinatorState['merges'][number]>;
  #orders: number;
  #version: number;
  #watching: ReadonlyArray<NonNullable<CoordinatorView['watching']>[number]>;
  #apart: readonly ApartPair[];

  constructor(carried: CoordinatorInput['carried']) {
    this.leases = [...(carried?.leases ?? [])];
    this.waiting = [...(carried?.waiting ?? [])];
    this.#ledger = [...(carried?.ledger ?? [])];
    this.#merges = [...(carried?.merges ?? [])];
    this.#orders = carried?.orders ?? 0;
    this.#version = carried?.ledgerVersion ?? 0;
    this.#watching = carried?.watching ?? [];
    this.#apart = carried?.apart ?? [];
  }

  /** What continue-as-new hands over. */
  state(): Pick<CoordinatorState, 'leases' | 'waiting' | 'ledger' | 'merges' | 'watching' | 'apart' | 'orders' | 'ledgerVersion'> {
    return {
      leases: this.leases,
      waiting: this.waiting,
      ledger: this.#ledger,
      merges: this.#merges,
      watching: this.#watching,
      ...(this.#apart.length === 0 ? {} : { apart: this.#apart }),
      orders: this.#orders,
      ledgerVersion: this.#version,
    };
  }

  get idle(): boolean {
    return this.leases.length === 0 && this.waiting.length === 0 && this.#watching.length === 0 && this.#apart.length === 0;
  }

  get ledger(): readonly LedgerEntry[] {
    return this.#ledger;
  }

  leaseOf(request: { readonly healingId: string; readonly runId: string }): SlotLease | undefined {
    return this.leases.find((lease) => same(lease.request, request));
  }

  placeOf(request: { readonly healingId: string; readonly runId: string }): number {
    return this.waiting.findIndex((entry) => same(entry.request, request));
  }

  /** An id has at most one open run: what an earlier run of it held is free. */
  forgetEarlierRuns(request: SlotRequest): void {
    const stays = (entry: { readonly request: SlotRequest }) =>
      entry.request.healingId !== request.healingId || entry.request.runId === request.runId;
    this.leases = this.leases.filter(stays);
    this.waiting = this.waiting.filter(stays);
    this.#watching = this.#watching.filter((each) => each.healingId !== request.healingId);
  }

  /** Puts a healing on the wait list: by priority, then by arrival. Of a list that is full the last goes: it asks again by itself. */
  enqueue(request: SlotRequest, attemptsUsed: number): void {
    this.#orders += 1;
    this.waiting.push({
      request: { ...request, shas: request.shas.slice(0, SHAS) },
      attemptsUsed,
      order: this.#orders,
      judgedAt: this.#version,
    });
    this.waiting.sort((one, other) => one.request.priority - other.request.priority || one.order - other.order);
    this.waiting.splice(WAITING);
  }

  /** Takes the first of the wait list off it. */
  dequeue(): WaitingHealing | undefined {
    return this.waiting.shift();
  }

  /** Whether the ledger says something else of this signature than when the entry was judged. */
  outdated(entry: WaitingHealing): boolean {
    return this.#ledger.some(
      (line) => (line.signature === entry.request.signature || line.harmed !== undefined) && line.changedAt > entry.judgedAt,
    );
  }

  /** Hands out a slot; more than the cap is a fault of ours that must stop everything. */
  grant(entry: WaitingHealing, cap: number, now: number): void {
    if (this.leases.length >= cap) throw new Error(`a ${this.leases.length + 1}th slot of ${cap} would be granted`);
    this.leases.push({ request: entry.request, attemptsUsed: entry.attemptsUsed, expiresAt: now + entry.request.leaseMs });
  }

  /** Takes a healing off leases and wait list. */
  drop(holder: { readonly healingId: string; readonly runId: string }): void {
    this.leases = this.leases.filter((lease) => !same(lease.request, holder));
    this.waiting = this.waiting.filter((entry) => !same(entry.request, holder));
  }

  /** A lease whose holder still runs goes on. */
  extend(lease: SlotLease, now: number): void {
    this.leases = this.leases.map((each) => (each === lease ? { ...each, expiresAt: now + each.request.leaseMs } : each));
  }

  /** Writes what a healing used into the ledger; one that never asked for a slot under this run is still remembered. */
  release(release: SlotRelease, ttlMs: number, now: number): void {
    this.drop(release);
    const before = this.#ledger.find((line) => line.signature === release.signature);
    this.#version += 1;
    const harmed =
      release.reason === 'worse-after-deploy' ? (release.service === undefined ? {} : { service: release.service }) : before?.harmed;
    const { healingId, service, watchUntil } = release;
    if (service !== undefined && watchUntil !== undefined)
      this.#watching = [...this.#watching, { healingId, service, until: watchUntil }].slice(-WATCHING);
    const entry: LedgerEntry = {
      signature: release.signature,
      attempts: (before?.attempts ?? 0) + release.attemptsUsed,
      lastOutcome: `${release.outcome}: ${release.reason}`,
      coolUntil: release.coolUntil,
      personSaidNo: (before?.personSaidNo ?? false) || NO.has(release.reason),
      ...(harmed === undefined ? {} : { harmed }),
      forgetAt: now + ttlMs,
      changedAt: this.#version,
    };
    this.#ledger = withinLedger([...this.#ledger.filter((line) => line !== before), entry]);
  }

  /** Forgets signatures whose time has passed; where a fix did harm only a person ends it. */
  prune(now: number): void {
    this.#ledger = this.#ledger.filter((line) => line.forgetAt > now || line.harmed !== undefined);
    this.#watching = this.#watching.filter((each) => Date.parse(each.until) > now);
    this.#apart = this.#apart.filter((each) => each.forgetAt > now);
  }

  /** When something of what is watched or kept apart is forgotten, milliseconds since the epoch. */
  get ends(): readonly number[] {
    return [...this.#watching.map((each) => Date.parse(each.until)), ...this.#apart.map((each) => each.forgetAt)];
  }

  /** A person says that these two are not one. */
  setApart({ healings }: ApartRequest, ttlMs: number, now: number): void {
    this.#apart = [...this.#apart, { healings, forgetAt: now + ttlMs }].slice(-APART);
    this.#merges = this.#merges.filter(({ healingId, into }) => !(healings.includes(healingId) && healings.includes(into)));
  }

  /** Healings that a person split from this one. */
  apartFrom(healingId: string): readonly string[] {
    return this.#apart.flatMap(({ healings: [one, other] }) => (one === healingId ? [other] : other === healingId ? [one] : []));
  }

  /** A healing at work found out what it is about: it keeps its slot. */
  renew(lease: SlotLease, request: SlotRequest, attemptsUsed: number): void {
    this.leases = this.leases.map((each) => (each === lease ? { ...each, request, attemptsUsed } : each));
  }

  /** A person wants healings to go on where a fix did harm. */
  forgive(): void {
    this.#version += 1;
    this.#ledger = this.#ledger.map(({ harmed, ...line }) => (harmed === undefined ? line : { ...line, changedAt: this.#version }));
  }

  /** The healing that this one was told to merge into before, when it asks again. */
  mergedBefore(healingId: string): string | undefined {
    return this.#merges.find((merge) => merge.healingId === healingId)?.into;
  }

  /** A healing joins a primary, which from then on stands for its commits and its service too. */
  merge(request: SlotRequest, into: string): void {
    this.#merges = [...this.#merges.filter((merge) => merge.healingId !== request.healingId), { healingId: request.healingId, into }].slice(
      -50,
    );
    const join = (primary: SlotRequest): SlotRequest => {
      if (primary.healingId !== into) return primary;
      const service = primary.service ?? request.service;
      return {
        ...primary,
        shas: [...new Set([...primary.shas, ...request.shas])].slice(0, SHAS),
        ...(service === undefined ? {} : { service }),
      };
    };
    this.leases = this.leases.map((lease) => ({ ...lease, request: join(lease.request) }));
    this.waiting = this.waiting.map((entry) => ({ ...entry, request: join(entry.request) }));
  }

  /** Every open healing but the one that asks: the related ones first, so that a long list stays small in history. */
  openBeside(request: SlotRequest): readonly OpenHealing[] {
    const shas = new Set(request.shas);
    const related = (each: SlotRequest) =>
      each.signature === request.signature ||
      (each.service !== undefined && each.service === request.service) ||
      each.shas.some((sha) => shas.has(sha))
        ? 0
        : 1;
    return [...this.leases, ...this.waiting]
      .map((entry) => entry.request)
      .filter((each) => each.healingId !== request.healingId)
      .sort((one, other) => related(one) - related(other))
      .slice(0, SHOWN)
      .map(({ healingId, subject, signature, kind, service, shas: commits, since }) => ({
        healingId,
        subject,
        signature,
        kind,
        ...(service === undefined ? {} : { service }),
        shas: commits,
        since,
      }));
  }

  /** What the ledger says, this signature first, then where a fix did harm. */
  ledgerFor(signature: string): CoordinatorView['ledger'] {
    const first = this.#ledger.filter((line) => line.signature === signature);
    const rest = this.#ledger.filter((line) => line.signature !== signature);
    const harmed = rest.filter((line) => line.harmed !== undefined);
    return [...first, ...harmed.slice(-SHOWN), ...rest.filter((line) => line.harmed === undefined).slice(-SHOWN)].map(shown);
  }

  view(paused: boolean): CoordinatorView {
    return {
      paused,
      leases: this.leases.map((lease) => ({ healingId: lease.request.healingId, expiresAt: new Date(lease.expiresAt).toISOString() })),
      waiting: this.waiting.map((entry) => entry.request.healingId),
      watching: this.#watching,
      ledger: this.#ledger.map(shown),
    };
  }
}

/** The oldest of what is of least use goes: first what only counts attempts, then what a person did not want, then what did harm. */
function withinLedger(lines: LedgerEntry[]): LedgerEntry[] {
  if (lines.length <= LEDGER) return lines;
  const weight = (line: LedgerEntry) => (line.harmed !== undefined ? 2 : line.personSaidNo ? 1 : 0);
  const least = Math.min(...lines.map(weight));
  const forgotten = lines.find((line) => weight(line) === least);
  return lines.filter((line) => line !== forgotten);
}

function shown({ signature, attempts, lastOutcome, coolUntil, personSaidNo, harmed }: LedgerEntry): CoordinatorView['ledger'][number] {
  return { signature, attempts, lastOutcome, coolUntil, personSaidNo, ...(harmed === undefined ? {} : { harmed }) };
}

function same(
  one: { readonly healingId: string; readonly runId: string },
  other: { readonly healingId: string; readonly runId: string },
): boolean {
  return one.healingId === other.healingId && one.runId === other.runId;
}

import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CoordinatorInput, CoordinatorMessage, SlotLease, WaitingHealing } from '../domain/coordinator-input.ts';
import type { AdmissionAnswer, PauseRequest, SlotRequest } from '../domain/messages.ts';
import { act, loseWorkersAfter } from './activity-options.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import * as messages from './messages.ts';
import { oneLine, plain } from './plain.ts';
import { Slots } from './slots.ts';

/** What a repository's coordinator starts with where nothing was asked yet. */
const DEFAULT_LEDGER_TTL_MS = 7 * 24 * 3_600_000;

/**
 * Events of one run. A worker with more repositories than it keeps in memory reads a run back from its beginning at every message, so a twentieth of what
 * the server suggests (4,096) is long already.
 */
const MAX_EVENTS = 200;

/** Admits healings of one repository, one message at a time; id `repo/<owner>/<repo>`. Completes when nobody works, waits or is remembered. */
export async function RepoCoordinator(input: CoordinatorInput): Promise<void> {
  const coordinator = new Coordinator(input);
  setHandler(messages.coordinatorView, () => coordinator.view(), { description: 'Slots, wait list and ledger of the repository.' });
  setHandler(messages.requestSlot, (request) => coordinator.take({ kind: 'request', request }), {
    description: 'A healing asks for a slot.',
  });
  setHandler(messages.releaseSlot, (release) => coordinator.take({ kind: 'release', release }), {
    description: 'A healing hands its slot back.',
  });
  setHandler(messages.setApart, (request) => coordinator.take({ kind: 'apart', request }), {
    description: 'A person split two healings.',
  });
  setHandler(messages.setRepositoryPaused, (request) => coordinator.take({ kind: 'pause', request }), {
    description: 'Grant nothing until resumed, or go on.',
  });
  for (;;) {
    const next = await coordinator.work();
    if (next === 'done') return;
    await condition(allHandlersFinished);
    await continueAsNew<typeof RepoCoordinator>(coordinator.handOver());
  }
}

class Coordinator {
  readonly #input: CoordinatorInput;
  readonly #slots: Slots;
  readonly #inbox: CoordinatorMessage[];
  #paused: boolean;
  #pausedBy: PauseRequest['actor'] | null;
  #cap = 1;
  #ttlMs = DEFAULT_LEDGER_TTL_MS;
  #handled = 0;

  constructor(input: CoordinatorInput) {
    this.#input = input;
    this.#slots = new Slots(input.carried);
    this.#inbox = [...(input.carried?.inbox ?? [])];
    this.#paused = input.carried?.paused ?? false;
    this.#pausedBy = input.carried?.pausedBy ?? null;
    const known = [...this.#slots.leases, ...this.#slots.waiting].at(-1);
    if (known) this.#learn(known.request);
    this.#show();
  }

  take(message: CoordinatorMessage): void {
    this.#inbox.push(message);
  }

  view() {
    return this.#slots.view(this.#paused);
  }

  /** What the next run starts with: nothing that arrived is lost. */
  handOver(): CoordinatorInput {
    return { ...this.#input, carried: { paused: this.#paused, pausedBy: this.#pausedBy, inbox: this.#inbox, ...this.#slots.state() } };
  }

  /** Works until there is nothing to remember, or until history is long enough. */
  async work(): Promise<'done' | 'continue'> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message) {
        await this.#handle(message);
        this.#handled += 1;
      }
      this.#slots.prune(Date.now());
      await this.#reconcile();
      await this.#grant();
      this.#show();
      if (this.#isLong()) return 'continue';
      if (this.#inbox.length > 0) continue;
      if (this.#slots.idle && this.#slots.ledger.length === 0 && !this.#paused) return 'done';
      await this.#sleep();
    }
  }

  #isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return (
      continueAsNewSuggested || historyLength >= MAX_EVENTS || this.#handled >= (this.#input.continueAfter ?? Number.POSITIVE_INFINITY)
    );
  }

  async #sleep(): Promise<void> {
    const deadlines = [
      ...this.#slots.leases.map((lease) => lease.expiresAt),
      ...this.#slots.ledger.filter((line) => line.harmed === undefined).map((line) => line.forgetAt),
      ...this.#slots.ends,
    ];
    const news = () => this.#inbox.length > 0;
    if (deadlines.length === 0) await condition(news);
    else
      await condition(news, Math.max(1, Math.min(...deadlines) - Date.now()), { summary: 'until a slot or a remembered failure expires' });
  }

  async #handle(message: CoordinatorMessage): Promise<void> {
    switch (message.kind) {
      case 'request':
        this.#learn(message.request);
        await this.#admit(message.request);
        break;
      case 'release':
        this.#slots.release(message.release, this.#ttlMs, Date.now());
        break;
      case 'apart':
        this.#slots.setApart(message.request, this.#ttlMs, Date.now());
        break;
      case 'pause':
        await this.#pause(message.request);
        break;
    }
  }

  #learn(request: SlotRequest): void {
    this.#cap = request.slots;
    this.#ttlMs = request.ledgerTtlMs;
    loseWorkersAfter(request.workerLostMs);
  }

  async #admit(request: SlotRequest): Promise<void> {
    this.#slots.forgetEarlierRuns(request);
    const lease = this.#slots.leaseOf(request);
    if (lease) {
      await this.#admitAgain(lease, request);
      return;
    }
    const known = this.#slots.placeOf(request);
    if (known >= 0) {
      await this.#answer(request, { kind: 'waiting', ahead: known });
      return;
    }
    await this.#dropDeadPrimary(request);
    const answer = await this.#judge(request);
    if (answer === null) return;
    this.#slots.enqueue(request, answer.attemptsUsed);
    const free = !this.#paused && this.#slots.leases.length < this.#cap;
    const place = this.#slots.placeOf(request);
    const ahead = place < 0 ? this.#slots.waiting.length : place;
    if (!free || ahead > 0) await this.#answer(request, { kind: 'waiting', ahead: ahead + this.#slots.leases.length });
  }

  /** A healing that holds a slot asks once more: it did not hear the answer, or it found out that it is about something else. */
  async #admitAgain(lease: SlotLease, request: SlotRequest): Promise<void> {
    const same = lease.request.signature === request.signature;
    const judged = same ? lease : await this.#judge(request);
    if (judged === null) return this.#slots.drop(request);
    if (!same) this.#slots.renew(lease, request, judged.attemptsUsed);
    await this.#answer(request, { kind: 'granted', attemptsUsed: judged.attemptsUsed });
  }

  /** Asks the judge; null when the healing was sent away or told to merge. */
  async #judge(request: SlotRequest): Promise<Extract<AdmissionAnswer, { kind: 'granted' }> | null> {
    const answer = await this.#orElse(
      act('judgeAdmission', `may ${request.healingId} go on`, {
        request,
        now: new Date().toISOString(),
        ledger: this.#slots.ledgerFor(request.signature),
        open: this.#slots.openBeside(request),
        apart: this.#slots.apartFrom(request.healingId),
      }),
      (why): AdmissionAnswer => ({
        kind: 'refused',
        reason: 'internal-error',
        detail: oneLine(`Admission could not be judged: ${why}`, 300),
      }),
    );
    if (answer.kind === 'granted') return answer;
    if (answer.kind === 'merge-into') this.#slots.merge(request, answer.healingId);
    await this.#answer(request, answer);
    return null;
  }

  /** A healing that asks again after it was told to merge found nobody there: a primary that no longer runs must not be named again. */
  async #dropDeadPrimary(request: SlotRequest): Promise<void> {
    const into = this.#slots.mergedBefore(request.healingId);
    if (into === undefined) return;
    const holders = [...this.#slots.leases, ...this.#slots.waiting].map((entry) => entry.request).filter((each) => each.healingId === into);
    await this.#dropClosed(holders);
  }

  /** Gives free slots to those who wait, most urgent first. */
  async #grant(): Promise<void> {
    while (!this.#paused && this.#slots.leases.length < this.#cap) {
      const entry = this.#slots.dequeue();
      if (entry === undefined) return;
      const judged = this.#slots.outdated(entry) ? await this.#judge(entry.request) : entry;
      if (judged === null) continue;
      const granted: WaitingHealing = { ...entry, attemptsUsed: judged.attemptsUsed };
      this.#slots.grant(granted, this.#cap, Date.now());
      await this.#answer(entry.request, { kind: 'granted', attemptsUsed: granted.attemptsUsed });
    }
  }

  /** Leases that ran out: a holder that ended without a word is free, one that still works goes on. */
  async #reconcile(): Promise<void> {
    const expired = this.#slots.leases.filter((lease) => lease.expiresAt <= Date.now());
    if (expired.length === 0) return;
    await this.#dropClosed(expired.map((lease) => lease.request));
    for (const lease of expired) this.#slots.extend(lease, Date.now());
  }

  async #dropClosed(requests: readonly SlotRequest[]): Promise<void> {
    if (requests.length === 0) return;
    const healings = requests.map(({ healingId, runId }) => ({ healingId, runId }));
    const closed = await this.#orElse(act('findClosedHealings', 'who of these still runs', { healings }), (): readonly string[] => []);
    for (const healing of healings) if (closed.includes(healing.healingId)) this.#slots.drop(healing);
  }

  async #pause(request: PauseRequest): Promise<void> {
    if (request.actor.trust === 'outsider') return;
    this.#paused = request.paused;
    this.#pausedBy = request.actor;
    if (!request.paused) this.#slots.forgive();
    for (const { request: healing } of [...this.#slots.leases, ...this.#slots.waiting]) {
      await this.#tell(healing, () => getExternalWorkflowHandle(healing.healingId, healing.runId).signal(messages.setPaused, request));
    }
  }

  #answer(request: SlotRequest, answer: AdmissionAnswer): Promise<void> {
    return this.#tell(request, () => getExternalWorkflowHandle(request.healingId, request.runId).signal(messages.admission, answer));
  }

  /** One step that fails for good must not stop the whole repository. */
  async #orElse<T>(step: Promise<T>, otherwise: (why: string) => T): Promise<T> {
    try {
      return await step;
    } catch (error) {
      const failed = isCancellation(error) ? null : outcomeOfFailure(error);
      if (failed === null) throw error;
      return otherwise(failed.detail);
    }
  }

  /** A healing that is gone needs no answer and holds no slot. */
  async #tell(request: SlotRequest, signal: () => Promise<void>): Promise<void> {
    try {
      await signal();
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#slots.drop(request);
    }
  }

  #show(): void {
    const { leases, waiting, ledger } = this.#slots;
    const lines = [
      `**${leases.length} of ${this.#cap}** slots in use, ${waiting.length} waiting, ${ledger.length} failures remembered`,
      ...(this.#paused
        ? [
            '',
            `**Paused by ${plain(this.#pausedBy?.id ?? 'a person')}**`,
            '',
            '```',
            `suture resume ${this.#input.repo.owner}/${this.#input.repo.name}`,
            '```',
          ]
        : []),
      '',
      ...leases.map((lease) => `- at work: ${plain(lease.request.healingId)}: ${plain(lease.request.title)}`),
      ...waiting.slice(0, 20).map((entry) => `- waits: ${plain(entry.request.healingId)}`),
    ];
    setCurrentDetails(lines.join('\n'));
  }
}

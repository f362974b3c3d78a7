import { isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { AlertSummary, HealthFacts, IncidentSummary, PlanSummary, PublishedChange, TriedPlan } from '../activities/contract.ts';
import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import type { Diagnosis } from '../domain/diagnosis.schema.ts';
import type { CardChange, CardDecision } from '../domain/healing-card.ts';
import type { HealingResult } from '../domain/healing-result.ts';
import type { HealingState } from '../domain/healing-state.ts';
import { canMove } from '../domain/healing-state.ts';
import type { HealingView } from '../domain/healing-view.ts';
import type { Milestone, MilestoneKind } from '../domain/milestone.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Proposal, StrategyRefusal } from '../domain/plan.schema.ts';
import type { Proof, RunFacts } from '../domain/proof.schema.ts';
import type { HealingInput } from '../domain/settings.ts';
import { act } from './activity-options.ts';
import { type AuditFacts, AuditLog, type AuditState } from './audit-log.ts';
import { CardBoard, cardOf, PROVEN } from './cards.ts';
import { describeHealing } from './details.ts';
import { papersOf } from './papers.ts';
import { oneLine } from './plain.ts';
import { Progress } from './progress.ts';
import type { Reproduced } from './reproducing.ts';
import type { SearchAttributeValues } from './search-attributes.ts';
import { showSearchAttributes } from './search-attributes.ts';
import { type InboxState, SignalsInbox } from './signals-inbox.ts';
import { Telling } from './telling.ts';

/** Lines kept for people. */
const TIMELINE = 60;
/** Refusals of strategies kept for the hand-over. */
const REFUSALS = 20;

/** What goes over as it is into the next run of a healing that watches production. */
const CARRIED = [
  'title',
  'incident',
  'diagnosis',
  'plan',
  'changeSet',
  'proof',
  'change',
  'mergeSha',
  'verified',
  'decision',
  'outcome',
  'attempt',
  'attemptsBegun',
  'proposals',
  'paused',
  'claimed',
  'refusals',
] as const satisfies ReadonlyArray<keyof HealingRecord>;

/** A record between two runs of one healing that watches production; some kB. */
export interface RecordState extends Pick<HealingRecord, 'key' | 'since' | 'tried' | (typeof CARRIED)[number]> {
  readonly lines: readonly string[];
  readonly timeline: HealingView['timeline'];
  readonly inbox: InboxState;
  readonly audits: AuditState;
  /** Revision of the card that was shown last. */
  readonly card: number;
}

/** Everything one healing knows, and the only place where its state moves. */
export class HealingRecord {
  readonly input: HealingInput;
  readonly id: string;
  /** Names this healing in keys: survives a reset and going on in a new run, differs between two healings of one subject. */
  readonly key: string;
  /** When it began, ISO 8601 UTC: the problem was there by then. */
  readonly since: string;
  readonly inbox: SignalsInbox;
  readonly tried: TriedPlan[] = [];
  title: string;
  incident: IncidentSummary | null = null;
  /** What stands while nothing in the repository shows why. */
  alert: AlertSummary | null = null;
  diagnosis: Diagnosis | null = null;
  plan: PlanSummary | null = null;
  changeSet: ChangeSetRef | null = null;
  proof: Proof | null = null;
  red: { readonly headSha: string; readonly command: string; readonly run: RunFacts; readonly reproduced: Reproduced } | null = null;
  green: RunFacts | null = null;
  change: PublishedChange | null = null;
  mergeSha: string | null = null;
  /** What production was like when its verdict was given. */
  verified: HealthFacts | null = null;
  approval: NonNullable<HealingView['approval']> | null = null;
  /** Whether a person is asked right now. */
  asking = false;
  decision: CardDecision | null = null;
  outcome: Outcome | null = null;
  attempt = 0;
  attemptsBegun = 0;
  /** How often a person raised the budget. */
  raised = 0;
  /** What was proposed beside a change: for people to decide on. */
  proposals: readonly Proposal[] = [];
  /** Turns of the attempt loop, those included that began again because the head moved: names sandbox jobs. */
  turn = 0;
  paused = false;
  claimed = false;
  refusals: readonly StrategyRefusal[] = [];
  #state: HealingState = 'received';
  #timeline: Array<HealingView['timeline'][number]> = [];
  #shown: SearchAttributeValues = {};
  readonly #audits: AuditLog;
  readonly #telling = new Telling((what) => this.note(`Could not be told: ${what}`));
  // Cards are told on their own: a message that is tried again must not hold the newest state back.
  readonly #cardTelling = new Telling((what) => this.note(`Could not be told: ${what}`));
  readonly #cards: CardBoard;
  // Numbers are told on their own, too: people come first.
  readonly #progressTelling = new Telling((what) => this.note(`Could not be told: ${what}`));
  readonly progress: Progress;
  #lines: readonly string[] = [];

  /** `carried`: this is the next run of a healing that watches production. */
  constructor(input: HealingInput, carried?: RecordState) {
    this.input = input;
    this.id = workflowInfo().workflowId;
    this.key = carried?.key ?? `${this.id}/${workflowInfo().originalExecutionRunId}`;
    this.since = carried?.since ?? workflowInfo().startTime.toISOString();
    this.inbox = new SignalsInbox(input.settings.caps.signals, carried?.inbox);
    this.#audits = new AuditLog(this.key, this.id, carried?.audits);
    const wanted = input.settings.telemetry === true && !input.settings.dryRun;
    this.progress = new Progress({ wanted, key: this.key, telling: this.#progressTelling });
    this.#cards = new CardBoard(this.key, this.#cardTelling, () => this.note('Could not be told: the card'), carried?.card);
    this.tried.push(...(carried?.tried ?? input.reopened?.tried ?? []));
    this.title = `${input.repo.owner}/${input.repo.name} ${input.subject}`;
    if (carried !== undefined) {
      for (const name of CARRIED) Object.assign(this, { [name]: carried[name] });
      this.#state = 'watching';
      this.#timeline = [...carried.timeline];
      this.#lines = carried.lines;
    }
    // Attributes outlive continue-as-new: what the healing before left there is wiped.
    if (input.carried) this.#shown = { SutureOutcome: '', SutureReason: '', SutureClass: '' };
    this.show();
  }

  get state(): HealingState {
    return this.#state;
  }

  /** The incident, which every step after normalizing has. */
  get currentIncident(): IncidentSummary {
    if (this.incident === null) throw new Error('there is no incident yet');
    return this.incident;
  }

  /** Whether the end has begun: nothing can be decided any more. */
  get over(): boolean {
    return this.outcome !== null;
  }

  /** Goes to the next state; a move that the table does not allow is a fault of ours and stops the workflow task, not the healing. */
  move(to: HealingState, text: string): void {
    if (!canMove(this.#state, to)) throw new Error(`a healing cannot move from ${this.#state} to ${to}`);
    const from = this.#state;
    this.#state = to;
    this.note(text);
    this.audit('state', { from, to, text: oneLine(text, 300), attempt: this.attempt });
  }

  /** A line in the timeline, without a move. */
  note(text: string): void {
    this.#timeline.push({ at: new Date().toISOString(), state: this.#state, text: oneLine(text, 200) });
    if (this.#timeline.length > TIMELINE) this.#timeline.splice(1, this.#timeline.length - TIMELINE);
    this.show();
  }

  /** Brings search attributes and current details up to date. */
  show(): void {
    this.#shown = showSearchAttributes(this.#shown, {
      SutureRepo: `${this.input.repo.owner}/${this.input.repo.name}`,
      SutureSubject: this.input.subject,
      SutureState: this.#state,
      SutureOutcome: this.outcome?.kind ?? null,
      SutureReason: this.outcome?.reason ?? null,
      SutureClass: this.diagnosis?.class ?? null,
      SutureAttempt: this.attempt,
    });
    setCurrentDetails(describeHealing(this.view(), { plan: this.plan, proof: this.proof, tried: this.tried, repeats: this.inbox.repeats }));
  }

  /** Appends to the audit trail in order, beside the story; `auditsWritten` waits for it. What comes while an entry is being written goes with the next. */
  audit(action: string, facts: AuditFacts, actor = 'suture'): void {
    this.#audits.append(action, facts, actor);
  }

  /** Everything that was decided so far is in the audit trail; throws when it cannot be written, because nothing may happen unrecorded. */
  async auditsWritten(): Promise<void> {
    await this.#audits.written();
  }

  /** Goes on recording after entries could not be written: they are tried again with the next one. */
  forgetAuditFailure(): void {
    this.#audits.forgetFailure();
  }

  /** Records how one attempt ended. */
  triedPlan(plan: TriedPlan): void {
    this.tried.push({ ...plan, planTitle: oneLine(plan.planTitle, 200), result: oneLine(plan.result, 300) });
    this.note(`Attempt ${this.attempt}: ${plan.strategy}: ${plan.result}`);
    this.audit('attempt-ended', { attempt: this.attempt, strategy: plan.strategy, result: oneLine(plan.result, 300) });
  }

  /** Keeps why strategies did not apply. */
  refused(refusals: readonly StrategyRefusal[]): void {
    this.refusals = refusals.slice(0, REFUSALS);
  }

  /** Writes the one live comment; nothing is written in a dry run. Its failure never holds a healing up. */
  async claim(lines: readonly string[]): Promise<void> {
    if (this.input.settings.dryRun) return;
    this.claimed = true;
    this.progress.mark('claimed');
    this.#lines = [...lines.slice(0, 10), ...this.#unseen()];
    this.showCard();
    const facts = {
      healingId: this.id,
      repo: this.input.repo,
      subject: this.input.subject,
      state: this.#state,
      attempt: this.attempt,
      title: this.title,
      lines: this.#lines.map((line) => oneLine(line, 300)),
      ...(this.outcome ? { outcome: this.outcome } : {}),
      ...(this.input.webUiUrl === undefined ? {} : { webUiUrl: this.input.webUiUrl }),
    };
    await this.tolerate('the live comment', act('updateClaim', `tell people where it stands: ${this.#state}`, { facts }));
  }

  /** Brings the card up to date at every notifier that has cards; only what has a claim has a card. */
  showCard(): void {
    if (this.input.settings.dryRun || !this.claimed) return;
    this.#cards.show(cardOf(this.view(), { since: this.since, lines: this.#lines, asking: this.asking, webUiUrl: this.input.webUiUrl }));
  }

  /** Tells people beside the story, in order: whatever happens to it, nothing waits for it. Nothing is told in a dry run. */
  tell(what: string, begin: () => Promise<void>): void {
    if (!this.input.settings.dryRun) this.#telling.tell(what, begin);
  }

  /** Everything was told or given up; call it before the workflow closes. */
  async told(): Promise<void> {
    await this.#telling.told();
    await this.#cardTelling.told();
    await this.#progressTelling.told();
  }

  /** Whether nothing of it is on its way right now, neither to people nor into the audit trail. */
  get quiet(): boolean {
    return !this.#audits.busy && [this.#telling, this.#cardTelling, this.#progressTelling].every(({ busy }) => !busy);
  }

  /** What the next run of a healing that watches production goes on with. */
  handOver(): RecordState {
    const same = Object.fromEntries(CARRIED.map((name) => [name, this[name]])) as Pick<HealingRecord, (typeof CARRIED)[number]>;
    return {
      ...same,
      key: this.key,
      tried: this.tried,
      since: this.since,
      lines: this.#lines,
      timeline: this.#timeline,
      inbox: this.inbox.handOver(),
      audits: this.#audits.handOver(),
      card: this.#cards.revision,
    };
  }

  /** Shows one step where production is watched. */
  step(kind: MilestoneKind, text: string, extra: Pick<Partial<Milestone>, 'sha' | 'outcome'> = {}): void {
    const { repo, subject, webUiUrl } = this.input;
    const { service, environment } = this.incident ?? this.alert ?? {};
    const about = {
      healingId: this.id,
      repo,
      subject,
      title: this.title,
      ...(service === undefined ? {} : { service }),
      ...(environment === undefined ? {} : { environment }),
      ...(webUiUrl === undefined ? {} : { url: webUiUrl }),
    };
    this.progress.step(kind, text, about, extra);
  }

  /** What people must know that nobody has looked at. */
  #unseen(): readonly string[] {
    return this.incident?.logMissing ? [`No log of ${this.incident.command} can be read: it expired or was never written`] : [];
  }

  /** Telling people must never decide how a healing goes on: a failure is noted; cancellation passes. */
  async tolerate(what: string, telling: Promise<void>): Promise<void> {
    try {
      await telling;
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.note(`Could not be told: ${what}`);
    }
  }

  view(): HealingView {
    return {
      healingId: this.id,
      repo: this.input.repo,
      subject: this.input.subject,
      state: this.#state,
      attempt: this.attempt,
      title: this.title,
      ...(this.incident ? { headSha: this.incident.headSha } : {}),
      ...(this.diagnosis ? { class: this.diagnosis.class, cause: this.diagnosis.cause } : {}),
      ...(this.plan ? { strategy: this.plan.strategy, repair: this.#repair(this.plan) } : {}),
      ...(this.proof?.verdict === 'proven' ? { proof: PROVEN } : {}),
      ...(this.decision ? { decision: this.decision } : {}),
      ...(this.approval && this.#state === 'awaiting-approval' ? { approval: this.approval } : {}),
      ...(this.change ? { pullRequest: { number: this.change.number, url: this.change.url, branch: this.change.branch } } : {}),
      ...(this.outcome ? { outcome: this.outcome } : {}),
      paused: this.paused,
      signals: this.inbox.total,
      ...(this.inbox.joined.length === 0 ? {} : { joined: this.inbox.joined }),
      papers: papersOf(this),
      timeline: [...this.#timeline],
    };
  }

  #repair(plan: PlanSummary): CardChange {
    const { changeSet } = this;
    return {
      title: oneLine(plan.title, 200),
      strategy: plan.strategy,
      risk: plan.risk,
      ...(changeSet ? { hash: changeSet.hash } : {}),
      paths: changeSet?.paths.slice(0, 10) ?? [],
      additions: changeSet?.additions ?? 0,
      deletions: changeSet?.deletions ?? 0,
    };
  }

  result(outcome: Outcome): HealingResult {
    return {
      healingId: this.id,
      outcome,
      title: this.title,
      attempts: this.attemptsBegun,
      signals: this.inbox.total,
      diagnosis: this.diagnosis,
      plan: this.plan ? { strategy: this.plan.strategy, title: this.plan.title } : null,
      changeSet: this.changeSet,
      proof: this.proof,
      change: this.change,
      mergeSha: this.mergeSha,
      refusals: this.refusals,
    };
  }
}

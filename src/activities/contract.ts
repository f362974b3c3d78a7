import type { Addressee, ApprovalRules } from '../domain/approval-ladder.ts';
import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import type { CorrelationRule } from '../domain/correlation.schema.ts';
import type { Diagnosis } from '../domain/diagnosis.schema.ts';
import type { HealingCard } from '../domain/healing-card.ts';
import type { HealingState } from '../domain/healing-state.ts';
import type { AdmissionAnswer, CoordinatorView, SlotRequest } from '../domain/messages.ts';
import type { MetricPoint, Milestone } from '../domain/milestone.ts';
import type { ArtifactRef, RepoRef } from '../domain/names.schema.ts';
import type { Outcome, ReasonCode } from '../domain/outcome.ts';
import type { ProbeResult, Proposal, StrategyRefusal, TrialResult } from '../domain/plan.schema.ts';
import type { Proof, ProofRound, RunFacts } from '../domain/proof.schema.ts';
import type { HealingInput, HealingSettings } from '../domain/settings.ts';
import type { Actor, Signal } from '../domain/signal.schema.ts';
import type { Autonomy, Verdict } from '../domain/verdict.schema.ts';

/** What history keeps of an incident; the whole (incident and effective policy) is the dossier artifact. */
export interface IncidentSummary {
  readonly dossier: ArtifactRef;
  readonly signature: string;
  readonly title: string;
  readonly kind: 'code' | 'alert';
  readonly targetBranch: string;
  /** The repair lands on the default branch though the subject is another one: what becomes of the subject does not end it. */
  readonly landsElsewhere?: true;
  readonly headSha: string;
  readonly lastGreenSha?: string;
  /** Name of the failing command. */
  readonly command: string;
  /** Names of all commands of the wider check. */
  readonly wider: readonly string[];
  /** At most 10. */
  readonly failingTests: readonly string[];
  readonly service?: string;
  readonly environment?: string;
  /** Commit live in `environment`, when known. */
  readonly deployedSha?: string;
  /** Effective: repository's wish, clamped by the server. */
  readonly autonomy: Autonomy;
  /** How long production must be well after a deployment, and when it is looked at again, as the policy says, in milliseconds. */
  readonly windowMs?: number;
  /** Minutes for which its monitors are quiet while we deploy. */
  readonly quietMinutes?: number;
  readonly watchMs?: readonly number[];
  readonly attempts: number;
  readonly approvers: readonly string[];
  /** How long a person is waited for and who is asked next; what is absent is the server's. */
  readonly approval?: ApprovalRules;
  /** Who asked for it and may therefore not approve it. */
  readonly barred?: readonly string[];
  /** From an outsider or a fork: analyse only. */
  readonly untrusted: boolean;
  /** Nobody has seen what the failing check wrote: its log expired or was never there. */
  readonly logMissing?: boolean;
  /** When the policy takes it for one with others; absent: the built-in rules. */
  readonly correlation?: readonly CorrelationRule[];
}

/** An alert that stands while nothing in the repository shows why. */
export interface AlertSummary {
  /** The same for every alert of this service. */
  readonly signature: string;
  readonly title: string;
  readonly service: string;
  readonly environment: string;
  readonly deployedSha?: string;
  readonly attempts: number;
  readonly correlation?: readonly CorrelationRule[];
  /** How long it waits for what explains it, in milliseconds. */
  readonly waitMs: number;
}

/** What `normalize` found. */
export type Normalized =
  | { readonly kind: 'incident'; readonly incident: IncidentSummary }
  | { readonly kind: 'no-problem'; readonly reason: ReasonCode; readonly detail: string }
  | {
      readonly kind: 'cannot';
      readonly reason: ReasonCode;
      readonly title: string;
      readonly detail: string;
      readonly alert?: AlertSummary;
    };

/** A plan in history: the steps are an artifact. */
export interface PlanSummary {
  readonly artifact: ArtifactRef;
  readonly strategy: string;
  readonly title: string;
  readonly rationale: string;
  readonly risk: 'low' | 'medium' | 'high';
  /** Same plan, same fingerprint: never tried twice. */
  readonly fingerprint: string;
  /** It changes nothing by itself: its proposals are all there is. */
  readonly onlyProposes?: true;
  /** What it proposes beside its change, at most 5. */
  readonly proposals?: readonly Proposal[];
}

/** What became of a question to a model, as history keeps it. */
export type AskedModel =
  | { /** Of the question. */ readonly fingerprint: string /** The reply. */; readonly answer: ArtifactRef }
  /** Nobody could be asked, and why. */
  | { readonly fingerprint: string; readonly unavailable: string };

/** A step that the budget stopped; a person may raise it. `hash` names this question to whoever decides. */
export interface OverBudget {
  readonly kind: 'over-budget';
  readonly detail: string;
  readonly hash: string;
  readonly approvers: readonly string[];
}

/** One finished attempt, carried into the next. */
export interface TriedPlan {
  readonly strategy: string;
  readonly planTitle: string;
  readonly fingerprint: string;
  /** One line: how it ended. */
  readonly result: string;
}

/** What `reason` answers. */
export type Reasoned =
  | { readonly kind: 'plan'; readonly diagnosis: Diagnosis; readonly plan: PlanSummary; readonly refusals: readonly StrategyRefusal[] }
  | { readonly kind: 'probe'; readonly diagnosis: Diagnosis; readonly strategy: string; readonly sha: string; readonly round: number }
  | {
      readonly kind: 'trial';
      readonly diagnosis: Diagnosis;
      readonly strategy: string;
      /** A plan with the steps that are to be tried. */
      readonly plan: ArtifactRef;
      readonly title: string;
      readonly fingerprint: string;
    }
  | {
      readonly kind: 'ask';
      readonly diagnosis: Diagnosis;
      readonly strategy: string;
      readonly question: ArtifactRef;
      readonly purpose: string;
      readonly fingerprint: string;
    }
  | { readonly kind: 'none'; readonly diagnosis: Diagnosis; readonly refusals: readonly StrategyRefusal[] };

/** What a late signal means for a running healing. */
export type Course =
  | { readonly kind: 'continue'; readonly note: string }
  | { readonly kind: 'renormalize'; readonly note: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** The pull request of a healing. */
export interface PublishedChange {
  readonly number: number;
  readonly url: string;
  readonly branch: string;
  readonly headSha: string;
  /** The author's own branch and pull request: theirs to merge, and nothing is taken back there. */
  readonly ofAuthor?: true;
}

/** What a forge refused, as a value. */
export interface RefusedStep {
  readonly kind: 'refused';
  readonly reason: string;
  readonly detail: string;
}

/** Facts for the claim comment; rendered by the activity, escaped there. */
export interface ClaimFacts {
  readonly healingId: string;
  readonly repo: RepoRef;
  readonly subject: string;
  readonly state: HealingState;
  readonly attempt: number;
  readonly title: string;
  readonly lines: readonly string[];
  readonly outcome?: Outcome;
  readonly webUiUrl?: string;
}

/** One reading of production health, judged against the policy. */
export interface HealthFacts {
  readonly at: string;
  readonly requests: number;
  readonly errorRate: number | null;
  readonly ok: boolean | null;
  /** Why it is not healthy. */
  readonly why?: string;
  /** Values clearly beyond their own trend, at most 5. */
  readonly degraded?: readonly string[];
  /** What was compared with what was usual, and what came of it; that there was nothing to compare with, too. */
  readonly trend?: string;
}

/** Which time a reading is about. */
export interface HealthWindow {
  /** When the fix went live, ISO 8601 UTC; absent: it has not, or long ago. */
  readonly since?: string;
  /** When the problem was first reported, ISO 8601 UTC: usual is what was before it. */
  readonly reported?: string;
  /** Length of the window that is judged. */
  readonly windowMs?: number;
}

/** Everything a workflow may ask for. Each can run twice and has one effect; `key` names that effect. All inputs and outputs are a few kB. */
export interface Activities {
  /** What a person asked for at the forge, after the forge confirmed who they are. */
  obeyCommand(input: { readonly signal: Signal; readonly settings: HealingSettings }): Promise<{
    readonly kind: 'obeyed' | 'refused' | 'ignored';
    readonly detail: string;
  }>;
  normalize(input: {
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly subject: string;
    readonly signals: readonly Signal[];
    readonly settings: HealingInput['settings'];
    readonly request?: HealingInput['request'];
  }): Promise<Normalized>;
  /** Signals the coordinator, starting it if need be. */
  requestSlot(input: { readonly repo: RepoRef; readonly request: SlotRequest }): Promise<void>;
  /** For the coordinator: whether a request may go on, given what it knows. `granted` means "may have a slot when one is free". */
  judgeAdmission(input: {
    readonly request: SlotRequest;
    readonly now: string;
    readonly ledger: CoordinatorView['ledger'];
    readonly open: ReadonlyArray<{
      readonly healingId: string;
      readonly subject: string;
      readonly signature: string;
      readonly kind: 'code' | 'alert';
      readonly service?: string;
      readonly shas: readonly string[];
      readonly since: string;
    }>;
    /** Healings that a person split from this one. */
    readonly apart?: readonly string[];
  }): Promise<AdmissionAnswer>;
  /** For the coordinator: which of these healings no longer run. */
  findClosedHealings(input: {
    readonly healings: ReadonlyArray<{ readonly healingId: string; readonly runId: string }>;
  }): Promise<readonly string[]>;
  /** The newest healing whose fix of this service is still watched. */
  findWatched(input: { readonly repo: RepoRef; readonly service: string }): Promise<{ readonly healingId: string | null }>;
  /** Shows steps and numbers of a healing where production is watched. */
  showProgress(input: {
    readonly key: string;
    readonly milestones: readonly Milestone[];
    readonly points: readonly MetricPoint[];
  }): Promise<void>;
  /** Keeps the monitors of a service quiet while we deploy it; ends by itself. */
  quietMonitors(input: {
    readonly key: string;
    readonly service: string;
    readonly environment: string;
    readonly minutes: number;
  }): Promise<void>;
  updateClaim(input: { readonly facts: ClaimFacts }): Promise<void>;
  /** Shows the card of a healing as it stands at every notifier that has cards; `revision` counts its states, so that a repeat calls nobody twice. */
  updateCard(input: { readonly card: HealingCard; readonly key: string; readonly revision: number }): Promise<void>;
  /** Who that is, how far they are trusted here and which of these groups they are in: asked of the vendor now. */
  identifyActor(input: { readonly repo: RepoRef; readonly id: string; readonly groups: readonly string[] }): Promise<Actor>;
  /** The diff of a change set, for people who decide on it; null when it cannot be made. */
  presentChange(input: { readonly repo: RepoRef; readonly changeSet: ChangeSetRef }): Promise<{ readonly diff: ArtifactRef | null }>;
  reason(input: {
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    readonly attempt: number;
    readonly tried: readonly TriedPlan[];
    /** What running the failing command came to; absent where it was not run. */
    readonly reproduction?: {
      readonly verdict: 'reproduced' | 'flaky' | 'not-reproduced' | 'environment-failed';
      readonly detail: string;
      readonly runs: readonly RunFacts[];
    };
    /** Strategy whose probes, trials and questions these are. */
    readonly asking?: string;
    readonly probes: readonly ProbeResult[];
    readonly trials?: readonly TrialResult[];
    readonly asked?: readonly AskedModel[];
  }): Promise<Reasoned>;
  /** Puts one question to the configured model, within the budget. `raised`: how often a person raised the budget of this healing. The same key asks once. */
  askModel(input: {
    readonly key: string;
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    readonly question: ArtifactRef;
    readonly raised: number;
  }): Promise<
    | {
        readonly kind: 'answered';
        readonly answer: ArtifactRef;
        /** One line for people: model, tokens, money. */
        readonly detail: string;
        readonly tokens: number;
        readonly usd: number;
      }
    | OverBudget
  >;
  /** Sets aside what an attempt or a pull request may use, before it begins. The same key reserves once. */
  reserveBudget(input: {
    readonly key: string;
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    readonly what: 'attempt' | 'pull-request';
    readonly raised: number;
  }): Promise<{ readonly kind: 'reserved' } | OverBudget>;
  /** Says what was really used of what was set aside under this key. */
  settleBudget(input: {
    readonly key: string;
    /** Minutes that commands ran in the sandbox. */
    readonly minutes: number;
  }): Promise<void>;
  decidePlan(input: {
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    readonly plan: ArtifactRef;
    readonly attempt: number;
  }): Promise<Verdict>;
  /** One command of the dossier in a fresh sandbox, at a revision, with or without a change set. */
  runCommand(input: {
    readonly key: string;
    readonly dossier: ArtifactRef;
    readonly command: string;
    readonly sha: string;
    readonly changeSet?: ChangeSetRef;
  }): Promise<RunFacts>;
  /** Asks the forge once for this revision to run its failed checks again, where policy and forge allow it. */
  rerunChecks(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly dossier: ArtifactRef;
    readonly sha: string;
  }): Promise<{ readonly asked: boolean }>;
  /** Red, green, flaky or unusable: what the runs of the failing command at one revision say. */
  judgeReproduction(input: { readonly dossier: ArtifactRef; readonly runs: readonly RunFacts[] }): Promise<{
    readonly verdict: 'reproduced' | 'run-again' | 'flaky' | 'not-reproduced' | 'environment-failed';
    readonly detail: string;
  }>;
  /** The colour of one probe; `unclear` after time-outs and set-up failures. */
  judgeProbe(input: {
    readonly dossier: ArtifactRef;
    readonly runs: readonly RunFacts[];
    /** The failure is one of the set-up, so that one counts as red. */
    readonly setup?: true;
  }): Promise<'red' | 'green' | 'unclear'>;
  buildChangeSet(input: {
    readonly key: string;
    readonly dossier: ArtifactRef;
    readonly plan: ArtifactRef;
  }): Promise<{ readonly kind: 'built'; readonly changeSet: ChangeSetRef } | { readonly kind: 'failed'; readonly detail: string }>;
  judgeProof(input: {
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    /** Absent: nobody planned the change; it was offered. */
    readonly plan?: ArtifactRef;
    readonly changeSet: ChangeSetRef;
    readonly red: RunFacts;
    readonly green: RunFacts;
    readonly greenAgain?: RunFacts;
    /** Without the change once more, after it was green with it. */
    readonly redAgain?: RunFacts;
    /** Both once more, as often as the verdict `unconfirmed` asked for. */
    readonly rounds?: readonly ProofRound[];
    readonly widerBefore: readonly RunFacts[];
    readonly widerAfter: readonly RunFacts[];
  }): Promise<Proof>;
  decideChange(input: {
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    readonly plan: ArtifactRef;
    readonly changeSet: ChangeSetRef;
    readonly proof: Proof;
    /** Class of the failure, as it was diagnosed; absent in histories from before it counted. */
    readonly failureClass?: Diagnosis['class'];
  }): Promise<Verdict>;
  /** Branch, commit and pull request: found or created by the healing's marker. */
  publish(input: {
    readonly key: string;
    readonly healingId: string;
    readonly dossier: ArtifactRef;
    readonly diagnosis: Diagnosis;
    readonly plan: PlanSummary;
    readonly changeSet: ChangeSetRef;
    readonly proof: Proof;
    readonly red: RunFacts;
    readonly green: RunFacts;
    readonly webUiUrl?: string;
  }): Promise<{ readonly kind: 'open'; readonly change: PublishedChange } | RefusedStep>;
  readChecks(input: {
    readonly repo: RepoRef;
    readonly sha: string;
    /** Where it is to land, or has landed: what is required there counts; absent: what the default branch requires. */
    readonly branch?: string;
  }): Promise<{ readonly state: 'pending' | 'green' | 'red' | 'none'; readonly detail: string }>;
  readPullRequest(input: { readonly repo: RepoRef; readonly number: number }): Promise<{
    readonly state: 'open' | 'closed' | 'merged';
    readonly headSha: string;
    readonly mergeSha?: string;
    readonly closedBy?: string;
  }>;
  merge(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly number: number;
    readonly expectedHead: string;
  }): Promise<{ readonly kind: 'merged'; readonly sha: string } | RefusedStep>;
  deploy(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly dossier: ArtifactRef;
    readonly sha: string;
    readonly environment: string;
    /** It was live before. */
    readonly wasLive?: boolean;
  }): Promise<{ readonly id: string; readonly state: string }>;
  readDeployment(input: {
    readonly repo: RepoRef;
    readonly id: string;
  }): Promise<{ readonly state: 'queued' | 'running' | 'success' | 'failure'; readonly detail: string }>;
  readHealth(input: HealthWindow & { readonly dossier: ArtifactRef }): Promise<HealthFacts>;
  /** What the readings so far say; `wait` while the window has not passed. */
  judgeHealth(input: {
    readonly dossier?: ArtifactRef;
    readonly before: HealthFacts | null;
    readonly after: readonly HealthFacts[];
    readonly windowMs: number;
    readonly elapsedMs: number;
    readonly timeoutMs: number;
  }): Promise<{ readonly verdict: 'wait' | 'better' | 'unchanged' | 'worse' | 'inconclusive'; readonly detail: string }>;
  /** What the readings at a later horizon say; `again`: look once more. `before`: when the fix was verified. */
  judgeWatched(input: {
    readonly before: HealthFacts | null;
    readonly after: readonly HealthFacts[];
  }): Promise<{ readonly verdict: 'again' | 'better' | 'unchanged' | 'worse' | 'inconclusive'; readonly detail: string }>;
  /** The next production action that server and policy have for a service, by the order of the policy. */
  planAction(input: {
    /** Only this one, as a plan names it; absent: the next of the policy. */
    readonly only?: { readonly name: string; readonly choices: Readonly<Record<string, string>> };
    readonly repo: RepoRef;
    readonly service: string;
    readonly settings: HealingSettings;
    readonly tried: readonly string[];
  }): Promise<
    | {
        readonly kind: 'action';
        readonly name: string;
        readonly title: string;
        readonly choices: Readonly<Record<string, string>>;
        readonly environment: string;
        readonly risk: 'low' | 'medium' | 'high';
        readonly decision: 'allow' | 'ask';
        readonly reason: string;
        /** Of everything that is asked about: 64 hex digits. */
        readonly hash: string;
        readonly undoable: boolean;
        /** What was live before, for a roll-back. */
        readonly rollbackTo?: string;
        readonly approvers: readonly string[];
        readonly approval: ApprovalRules;
        readonly windowMs?: number;
      }
    | { readonly kind: 'none'; readonly detail: string }
  >;
  /** Does it, or takes it back; `unknown`: nobody knows whether it was done, and it is not repeated. */
  performAction(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly service: string;
    readonly environment: string;
    readonly name: string;
    readonly choices: Readonly<Record<string, string>>;
    readonly undo: boolean;
    readonly rollbackTo?: string;
  }): Promise<{ readonly kind: 'done' | 'unknown' | 'refused'; readonly detail: string; readonly deployment?: string }>;
  /** How a service is, where there is no dossier. */
  readServiceHealth(
    input: HealthWindow & { readonly repo: RepoRef; readonly service: string; readonly settings: HealingSettings },
  ): Promise<HealthFacts>;
  /** What a late signal changes. */
  judgeSignal(input: {
    readonly healingId: string;
    readonly subject: string;
    readonly state: HealingState;
    readonly incident: IncidentSummary | null;
    readonly change: PublishedChange | null;
    /** An alert stands that nothing in the repository explains. */
    readonly alert?: boolean;
    readonly signal: Signal;
  }): Promise<Course>;
  /** Branch, commit and pull request that take a merged fix of ours back: found or created by the key. Never for a commit that is not ours. */
  publishRevert(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly dossier: ArtifactRef;
    /** The merged commit. */
    readonly sha: string;
    readonly reason: string;
  }): Promise<{ readonly kind: 'open'; readonly change: PublishedChange } | RefusedStep>;
  /** Compensation: close the pull request and delete our branch; gone is success. An empty change means that `publish` never answered: found by `key`, which is the one given to `publish`. */
  withdraw(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly change: { readonly number?: number; readonly branch?: string };
    readonly comment: string;
  }): Promise<void>;
  /** Hand-over bundle and messages to people. */
  escalate(input: {
    readonly key: string;
    readonly healingId: string;
    readonly repo: RepoRef;
    readonly subject: string;
    readonly outcome: Outcome;
    readonly incident: IncidentSummary | null;
    readonly diagnosis: Diagnosis | null;
    readonly tried: readonly TriedPlan[];
    readonly refusals: readonly StrategyRefusal[];
    readonly changeSet: ChangeSetRef | null;
    readonly change: PublishedChange | null;
    readonly proposals?: readonly Proposal[];
    readonly webUiUrl?: string;
  }): Promise<void>;
  notify(input: {
    readonly key: string;
    readonly healingId: string;
    readonly kind: 'approval-wanted' | 'reminder' | 'outcome';
    readonly text: string;
    /** Which reminder it is, from 1. */
    readonly reminder?: number;
    /** Whom to tell, as the policy names them; absent: by the server's ladder. */
    readonly tell?: readonly Addressee[];
    /** How it ended, for `outcome`. */
    readonly outcome?: string;
  }): Promise<void>;
  /** Appends to the audit trail, in order; the key of each makes it once. */
  recordAudit(input: {
    readonly entries: ReadonlyArray<{
      readonly key: string;
      readonly healingId: string;
      readonly action: string;
      readonly actor: string;
      readonly facts: Readonly<Record<string, string | number | boolean | null>>;
    }>;
  }): Promise<void>;
  /** Forwards this healing's signals to the one it merges into. */
  forwardSignals(input: {
    readonly into: string;
    readonly signals: readonly Signal[];
    readonly from: string;
    /** Why the two are one, for the record. */
    readonly why: string;
  }): Promise<{ readonly delivered: boolean }>;
  /** Gives evidence that was joined wrongly back to its own healing; the coordinator does not join the two again. */
  splitHealings(input: {
    readonly repo: RepoRef;
    readonly healingId: string;
    readonly joined: string;
    readonly signals: readonly Signal[];
    readonly settings: HealingSettings;
  }): Promise<void>;
  /** Patrol: finds red default branches without an incident, starts their healings, sweeps what crashes left. */
  patrol(input: { readonly settings: HealingInput['settings'] }): Promise<{ readonly started: readonly string[]; readonly swept: number }>;
}

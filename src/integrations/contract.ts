import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { ChangeSet } from '../domain/change-set.schema.ts';
import type { HandOver } from '../domain/hand-over.schema.ts';
import type { HealingCard } from '../domain/healing-card.ts';
import type { CommitFacts } from '../domain/incident.schema.ts';
import type { MetricPoint, Milestone } from '../domain/milestone.ts';
import type { ModelQuestion, ModelReply } from '../domain/model-exchange.schema.ts';
import type { ArtifactRef, RepoRef } from '../domain/names.schema.ts';
import type { Points, Span } from '../domain/policy/trend.ts';
import type { Actor, ActorTrust, Signal } from '../domain/signal.schema.ts';

/** What a forge says of one check on one revision. */
export interface CheckFacts {
  readonly name: string;
  readonly status: 'queued' | 'running' | 'completed';
  /** Only when completed. */
  readonly conclusion?: 'success' | 'failure' | 'cancelled' | 'timed-out' | 'neutral';
  /** Whether the target branch's rules require it. */
  readonly required: boolean;
  readonly url?: string;
}

/** A pull request as Suture needs to know it. */
export interface PullRequestFacts {
  readonly number: number;
  readonly url: string;
  readonly state: 'open' | 'closed' | 'merged';
  /** Who closed or merged it, when it is not open. */
  readonly closedBy?: string;
  readonly title: string;
  readonly author: string;
  readonly baseBranch: string;
  readonly headBranch: string;
  readonly headSha: string;
  /** From another repository: only analysed. */
  readonly fromFork: boolean;
  /** A person put the label on it that forbids Suture. */
  readonly optedOut?: true;
  readonly mergeSha?: string;
}

/** One deployment of one commit to one environment. */
export interface DeploymentFacts {
  readonly id: string;
  readonly sha: string;
  readonly environment: string;
  readonly state: 'queued' | 'running' | 'success' | 'failure';
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly url?: string;
  readonly detail?: string;
}

/** Reading a repository: facts, history and content. Every method is safe to repeat. */
export interface ForgeRepositories {
  /** Repositories that Suture looks after here; the patrol walks them. */
  served(): Promise<readonly RepoRef[]>;
  /** Throws `Failure` code `repository-gone` when it does not exist or is not served. */
  describe(repo: RepoRef): Promise<{ readonly defaultBranch: string; readonly url: string }>;
  /** Commit id of a branch, tag or commit; null when there is none. */
  resolve(repo: RepoRef, revision: string): Promise<string | null>;
  /** Bytes of one file at a revision, at most `maxBytes` (default 1 MiB); null when absent. Throws `too-large` above. */
  readFile(repo: RepoRef, sha: string, path: string, maxBytes?: number): Promise<Uint8Array | null>;
  /** Mode of a blob at a revision (`100644`, `100755`, `120000`, ...); null when absent. */
  fileMode(repo: RepoRef, sha: string, path: string): Promise<string | null>;
  /** Commits reachable from `to` and not from `from`, newest first, at most `limit`. */
  commits(
    repo: RepoRef,
    from: string | null,
    to: string,
    limit: number,
  ): Promise<{ readonly commits: readonly CommitFacts[]; readonly truncated: boolean }>;
  /** The change a commit made against its first parent (or `mainline`), inverted onto `onto`: null when it does not apply cleanly. */
  revertOf(repo: RepoRef, sha: string, onto: string, mainline?: number): Promise<ChangeSet | null>;
  /** The tree at a revision as a tar stream without `.git`; regular files, executables and symlinks only. */
  exportTree(repo: RepoRef, sha: string): Promise<Readable>;
  /** Unified diff of a change set against its base, at most 256 kB, for people. */
  diff(repo: RepoRef, changeSet: ChangeSet): Promise<string>;
}

/** What a check says of one place. Text from outside: whoever wrote the check wrote this. */
export interface Annotation {
  readonly path: string;
  readonly line: number;
  readonly level: 'failure' | 'warning' | 'notice';
  readonly title?: string;
  readonly message: string;
}

/** The repository's own checks. */
export interface ForgeChecks {
  /** Checks of a revision, required ones that have not started included as queued. Required is what `branch` asks of what lands there; absent: the default branch. */
  list(repo: RepoRef, sha: string, branch?: string): Promise<readonly CheckFacts[]>;
  /** Log of a completed check, at most 4 MiB with head and tail kept; null when there is none (any more). */
  log(repo: RepoRef, sha: string, check: string): Promise<Uint8Array | null>;
  /** What these checks say of single lines, by their name: at most 100 each, as the forge keeps it beside the log. Absent where there is no such thing. */
  readonly annotations?: (repo: RepoRef, sha: string, checks: readonly string[]) => Promise<ReadonlyMap<string, readonly Annotation[]>>;
  /** Newest ancestor of `sha` (itself included) on which all of `checks` succeeded, within the last 200 commits. */
  lastGreen(repo: RepoRef, sha: string, checks: readonly string[]): Promise<string | null>;
  /** Run a workflow of the repository on a branch, once for its head. Absent where there are no workflows. */
  readonly start?: (repo: RepoRef, input: { readonly workflow: string; readonly branch: string; readonly sha: string }) => Promise<void>;
  /** Run the failed ones of these checks again; how many runs were asked for. Absent where checks cannot be repeated. */
  readonly rerun?: (repo: RepoRef, sha: string, checks: readonly string[]) => Promise<number>;
}

/** Why a forge did not do what was asked; expected, so a value. */
export interface Refused {
  readonly kind: 'refused';
  /** `protected`: a rule wants a person (a review, say); `queued`: the forge merges by itself when its rules are met. */
  readonly reason: 'head-moved' | 'checks-missing' | 'protected' | 'queued' | 'conflict' | 'closed' | 'not-allowed';
  readonly detail: string;
}

/** Writing changes; each is find-or-create by its marker or guard. */
export interface ForgeChanges {
  get(repo: RepoRef, number: number): Promise<PullRequestFacts | null>;
  /** Open pull requests, newest change first, at most `limit`; `updatedAt` is ISO 8601 UTC. */
  listOpen(repo: RepoRef, limit: number): Promise<ReadonlyArray<PullRequestFacts & { readonly updatedAt: string }>>;
  /** The newest pull request from this branch of the repository, in any state, an open one first. */
  findByBranch(repo: RepoRef, branch: string): Promise<PullRequestFacts | null>;
  /** Branches that Suture made (`suture/` prefix) and that are still there, at most 500. */
  ownBranches(repo: RepoRef): Promise<ReadonlyArray<{ readonly name: string; readonly headSha: string }>>;
  /** The pull request whose body carries this marker, in any state. */
  findByMarker(repo: RepoRef, marker: string): Promise<PullRequestFacts | null>;
  /** Write the change set as one commit on `branch` (created at `changeSet.base` if absent). Repeating it with the same `key` returns the same commit. Never forces. */
  commit(
    repo: RepoRef,
    input: { readonly branch: string; readonly changeSet: ChangeSet; readonly message: string; readonly key: string },
  ): Promise<{ readonly kind: 'committed'; readonly sha: string } | Refused>;
  /** Find by marker or open. The marker is added to the body. Never reopens one that a person closed: that is `closed`. */
  open(
    repo: RepoRef,
    input: {
      readonly marker: string;
      readonly title: string;
      readonly body: string;
      readonly headBranch: string;
      readonly baseBranch: string;
      readonly labels: readonly string[];
      readonly draft: boolean;
    },
  ): Promise<{ readonly kind: 'open'; readonly pullRequest: PullRequestFacts } | Refused>;
  /** Merge only if the head is still `expectedHead` and the target branch's rules are met. Already merged with that head is success. */
  merge(repo: RepoRef, number: number, expectedHead: string): Promise<{ readonly kind: 'merged'; readonly sha: string } | Refused>;
  /** Close with a comment; closed already is success. */
  close(repo: RepoRef, number: number, comment: string): Promise<void>;
  /** Delete a branch that Suture made (`suture/` prefix only); gone already is success. */
  deleteBranch(repo: RepoRef, branch: string): Promise<void>;
}

/** Deployments of commits to environments. */
export interface ForgeDeployments {
  /** Newest first, at most 20. */
  list(repo: RepoRef, environment: string): Promise<readonly DeploymentFacts[]>;
  /** Find by key or create. */
  create(
    repo: RepoRef,
    input: {
      readonly sha: string;
      readonly environment: string;
      readonly key: string;
      /** It goes back to what was live before: whatever its checks say now does not hold it up. */
      readonly wasLive?: boolean;
    },
  ): Promise<DeploymentFacts>;
  get(repo: RepoRef, id: string): Promise<DeploymentFacts | null>;
  /** Run the repository's own workflow that deploys; find what an earlier try started or start. Absent where there are no workflows. */
  readonly dispatch?: (
    repo: RepoRef,
    input: {
      readonly workflow: string;
      readonly branch: string;
      readonly sha: string;
      readonly environment: string;
      readonly inputs: Readonly<Record<string, string>>;
      /** As in `create`: its run is of the branch and not of the commit, which only the inputs name. */
      readonly wasLive?: boolean;
      /** Keeps the newest run that there was before the first try, and gives back what was kept: only a later one is ours. */
      readonly remember: (newest: string) => Promise<string>;
    },
  ) => Promise<DeploymentFacts>;
}

/** What the one live word about a healing says. */
export interface Claim {
  readonly subject: string;
  readonly marker: string;
  /** One line: what broke. */
  readonly title: string;
  /** Markdown, escaped by who wrote it. */
  readonly body: string;
  /** The healing has ended. */
  readonly finished: boolean;
  /** Where more is to be read: the Web UI. */
  readonly url?: string;
}

/** The one live comment (or check run) of a healing: created once per marker, then edited. */
export interface ForgeClaims {
  upsert(repo: RepoRef, claim: Claim): Promise<void>;
}

/** People at a forge: what they may do, and how they are answered. */
export interface ForgePeople {
  /** How far somebody is trusted with this repository, as the forge knows it now: `maintainer` may write, `collaborator` may triage. */
  trust(repo: RepoRef, login: string): Promise<ActorTrust>;
  /** Of these groups, as a policy names them, the ones that somebody is in now, and those that do not exist (any more). Absent where there are none. */
  readonly groups?: (
    repo: RepoRef,
    login: string,
    wanted: readonly string[],
  ) => Promise<{ readonly in: readonly string[]; readonly gone: readonly string[] }>;
  /** A nod or a shake of the head at a comment; twice is once. Unknown comments are ignored. */
  react(repo: RepoRef, comment: string, reaction: 'seen' | 'done' | 'refused'): Promise<void>;
  /** A comment on an issue or pull request; find by marker or create. */
  answer(repo: RepoRef, number: number, marker: string, body: string): Promise<void>;
}

/** Events that a forge sent and nobody took. */
export interface ForgeDeliveries {
  /** Ask for failed deliveries of the last days again, each once while it stays failed; how many were asked for. */
  redeliverFailed(): Promise<number>;
}

/** Where repositories, checks, pull requests and deployments live. Split by capability; methods throw `Failure` for what is not expected. */
export interface Forge {
  readonly repositories: ForgeRepositories;
  readonly checks: ForgeChecks;
  readonly changes: ForgeChanges;
  readonly deployments: ForgeDeployments;
  readonly claims: ForgeClaims;
  readonly people: ForgePeople;
  /** Calls a second that are left until its limits are filled up again; null while there are plenty. Absent where nothing limits. */
  readonly pace?: () => number | null;
  /** Absent where events are never lost. */
  readonly deliveries?: ForgeDeliveries;
}

/** What an alert source made of one request. */
export type Parsed =
  | { readonly kind: 'signals'; readonly signals: readonly Signal[] }
  | { readonly kind: 'ignored'; readonly reason: string };

/** A request as it arrived, before any parsing. Header names in lower case. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** When it arrived. */
  readonly receivedAt: Date;
}

/** Turns one vendor's deliveries into signals. `verify` sees raw bytes; `parse` runs only after it said yes and never throws on odd input. */
export interface AlertSource {
  /** Largest accepted body in bytes. */
  readonly maxBytes: number;
  /** Content type of its deliveries; default `application/json`. */
  readonly contentType?: 'application/json' | 'application/x-www-form-urlencoded';
  /** A request that only asks whether somebody is there: answered 200 before `verify`, and nothing more is done with it. */
  readonly isProbe?: (request: RawRequest) => boolean;
  /** For a vendor behind whom a person waits, and who does not come again. Absent: the answer waits until the signals are stored. */
  readonly impatient?: {
    /** Milliseconds after which a delivery that is still being stored is answered 200, as a stored one is, with an empty body. */
    readonly answerWithinMs: number;
    /** Tells the person that what was answered 200 is not stored. Must not throw. */
    notStored(request: RawRequest): Promise<void>;
  };
  verify(request: RawRequest): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** `invalid` answers 400; unknown events are `ignored` with a reason. Must not do I/O. */
  parse(request: RawRequest): Parsed | { readonly kind: 'invalid'; readonly reason: string };
}

/** One reading of a service's health. */
export interface HealthReading {
  readonly at: string;
  /** Requests seen in the window. */
  readonly requests: number;
  readonly errors: number;
  /** `errors / requests`; null when there were no requests. */
  readonly errorRate: number | null;
  /** The health endpoint answered well; null when it was not asked. */
  readonly healthy: boolean | null;
  /** Monitors that watch it, at most 20. */
  readonly monitors?: ReadonlyArray<{
    readonly id: string;
    readonly name: string;
    readonly state: 'ok' | 'warn' | 'alert' | 'no-data' | 'unknown';
  }>;
  /** Further measured values, at most 20. */
  readonly metrics?: readonly MetricReading[];
}

/** One measured value beside its threshold and its own trend. */
export interface MetricReading {
  /** Name for people: `latency p95`. */
  readonly name: string;
  /** Over the newest minutes; null when there was no data. */
  readonly value: number | null;
  /** Beyond it is unhealthy; absent: only the trend counts. */
  readonly threshold?: number;
  /** A rise of no more than this is none, in the unit of the metric; absent: every rise counts that the rule of the policy calls one. */
  readonly least?: number;
  /** Points over the times that were asked for; absent where the source keeps none. */
  readonly trend?: { readonly after: Points; readonly before: readonly Points[] };
}

/** Measures production. */
export interface HealthSource {
  /** Measure now. Throws `Failure` code `health-unavailable` when it cannot be measured. */
  read(input: {
    readonly repo: RepoRef;
    readonly service: string;
    readonly environment: string;
    /** When what is measured went live, ISO 8601 UTC; absent: long ago. */
    readonly since?: string;
    /** Points of these times are wanted, where the source keeps them. */
    readonly trend?: { readonly after: Span; readonly before: readonly Span[] };
    /** Limits of the policy, in the unit of the metric. */
    readonly limits?: { readonly latency?: number; readonly cpu?: number };
  }): Promise<HealthReading>;
}

/** Shows healings, and Suture itself, where production is watched. Twice with one key is once. */
export interface Telemetry {
  milestone(milestone: Milestone, key: string): Promise<void>;
  /** At most 100 points. */
  submit(points: readonly MetricPoint[], key: string): Promise<void>;
  /** Silences a service's monitors while Suture itself deploys it; ends by itself. Absent where nothing can be silenced. */
  readonly quiet?: (
    input: { readonly service: string; readonly environment: string; readonly minutes: number },
    key: string,
  ) => Promise<void>;
  /** As of a notifier. */
  readonly catchUp?: () => Promise<CaughtUp>;
}

/** How many kept messages were delivered, how many still wait, and how many were given up on: refused for good, or too old. */
export interface CaughtUp {
  readonly delivered: number;
  readonly waiting: number;
  readonly givenUp?: number;
}

/** Tells people. Every message has a key and is found-or-created by it. */
export interface Notifier {
  handOver(message: HandOver, key: string, to?: readonly string[]): Promise<void>;
  /** One line about a healing: a reminder, an approval request, a result. */
  notify(message: Notice, key: string): Promise<void>;
  /** The card of a healing as it stands now: posted once per `key`, then edited. Absent where nothing can be edited. */
  readonly card?: (card: HealingCard, key: string) => Promise<void>;
  /** Delivers what could not be delivered while the vendor was away; Absent where nothing is kept. */
  readonly catchUp?: () => Promise<CaughtUp>;
}

/** One line about a healing, for people. */
export interface Notice {
  readonly healingId: string;
  readonly kind: 'approval-wanted' | 'reminder' | 'outcome' | 'escalation';
  readonly text: string;
  /** How it ended, for `outcome`. */
  readonly outcome?: string;
  /** Whom it is for, in the notifier's own words (an address, a channel, a user group); absent or empty: as configured. */
  readonly to?: readonly string[];
}

/** What became of a command, for whoever gave it. */
export interface CommandAnswer {
  readonly kind: 'obeyed' | 'refused' | 'ignored';
  /** Plain redacted text: one line, for `status` and `explain` one a fact. */
  readonly detail: string;
}

/** People who command from a place that is not the forge. The source's id is that of the integration. */
export interface CommandDesk {
  /** Who that is, how far they are trusted with this repository and which groups they are in, by what is configured and what the vendor says now. */
  identify(repo: RepoRef, id: string): Promise<Actor>;
  /** Why what they clicked on must not be obeyed any more; null when it may. Absent where nothing gets old. */
  readonly outdated?: (signal: Signal) => Promise<string | null>;
  /** Tells them, or everybody, what became of it; twice is once. */
  answer(signal: Signal, actor: Actor, answer: CommandAnswer): Promise<void>;
}

/** What a model costs, in US dollars for a million tokens; configuration, because prices change. */
export interface ModelPrice {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

/** A language model behind one vendor's wire. It gets redacted text and gives text back: no tools, no network, no credentials in what it sees. */
export interface Model {
  /** As the vendor names it. */
  readonly name: string;
  /** Null where the vendor names no usage: then calls are counted, and tokens estimated at 4 characters each. */
  readonly price: ModelPrice | null;
  /**
   * One call, never repeated in here. Throws `Failure` code `model-unavailable` (worth another try, `retryAfterMs` as the vendor says),
   * or `not-permitted` (credentials or quota: not worth one). A refusal or a cut answer is a value.
   */
  ask(question: ModelQuestion, signal?: AbortSignal): Promise<ModelReply>;
}

/** One thing that a doctor looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found; when it is not ok, with the way out. */
  readonly detail: string;
}

/** What an integration's capabilities are built from. */
export interface IntegrationContext<Config> {
  readonly config: Config;
  /** Folder for this integration's own state. */
  readonly stateDir: string;
  /** Current values of a named secret, newest first; two during a rotation. */
  readonly secret: (name: string) => readonly string[];
  /** Content of an artifact, for those who hand it to people. Throws `Failure` code `artifact-missing`. */
  readonly readArtifact: (ref: ArtifactRef) => Promise<Uint8Array>;
}

/** One vendor, as its folder exports it: facts, configuration schema, capabilities. The registry is a list of these and nothing else. */
export interface Integration<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly name: string;
  readonly docs: string;
  readonly configSchema: Schema;
  readonly alertSource?: (context: IntegrationContext<z.infer<Schema>>) => AlertSource;
  readonly forge?: (context: IntegrationContext<z.infer<Schema>>) => Forge;
  /** Null where it is not configured; so for the next four. */
  readonly health?: (context: IntegrationContext<z.infer<Schema>>) => HealthSource | null;
  readonly notifier?: (context: IntegrationContext<z.infer<Schema>>) => Notifier | null;
  readonly telemetry?: (context: IntegrationContext<z.infer<Schema>>) => Telemetry | null;
  readonly desk?: (context: IntegrationContext<z.infer<Schema>>) => CommandDesk | null;
  readonly model?: (context: IntegrationContext<z.infer<Schema>>) => Model | null;
  /** Proves that everything at the vendor is as it must be. */
  readonly doctor?: (context: IntegrationContext<z.infer<Schema>>) => Promise<readonly Finding[]>;
}

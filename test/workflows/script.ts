import { activityInfo, Context } from '@temporalio/activity';
import type { Activities, AlertSummary, IncidentSummary, Normalized } from '../../src/activities/contract.ts';
import type { ArtifactRef } from '../../src/domain/names.schema.ts';
import { judgeWatched } from '../../src/domain/policy/judge-watched.ts';
import type { Proof, RunFacts } from '../../src/domain/proof.schema.ts';
import type { HealingInput } from '../../src/domain/settings.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import { runFacts } from '../support/run-facts.ts';

/** A 40-hex commit id made of one digit. */
export const sha = (digit: string): string => digit.repeat(40).slice(0, 40);
/** A reference to an artifact that nobody reads. */
export const artifact = (digit: string): ArtifactRef => ({ sha256: digit.repeat(64), size: 1234, mediaType: 'application/json' });

/** A small incident; heals by itself as far as the autonomy says. */
export function incident(over: Partial<IncidentSummary> = {}): IncidentSummary {
  return {
    dossier: artifact('d'),
    signature: 'sig-1',
    title: 'test_login fails',
    kind: 'code',
    targetBranch: 'main',
    headSha: sha('a'),
    lastGreenSha: sha('9'),
    command: 'unit',
    wider: ['unit', 'lint'],
    failingTests: ['test_login'],
    autonomy: 'merge',
    attempts: 3,
    approvers: [],
    untrusted: false,
    ...over,
  };
}

/** An incident with a service in production. */
export const serviceIncident = (over: Partial<IncidentSummary> = {}): IncidentSummary =>
  incident({ service: 'auth', environment: 'production', deployedSha: sha('a'), autonomy: 'deploy', ...over });

/** An alert that nothing in the repository explains; it waits for nothing. */
export const alertSummary = (over: Partial<AlertSummary> = {}): AlertSummary => ({
  signature: 'alert-auth',
  title: 'auth in production alerts',
  service: 'auth',
  environment: 'production',
  attempts: 3,
  waitMs: 0,
  ...over,
});

let excerptLength = 2000;

/** Recorded histories need no long output to be replayed. */
export function useShortExcerpts(): void {
  excerptLength = 200;
}

/** Facts of one run, as big as they can be in real life. */
export function run(over: Partial<RunFacts> = {}): RunFacts {
  return runFacts({
    name: 'unit',
    exitCode: 1,
    durationMs: 12,
    log: artifact('1'),
    excerpt: 'x'.repeat(excerptLength),
    report: {
      passed: 10,
      failed: 2,
      skipped: 0,
      failedTests: Array.from({ length: 20 }, (_, index) => `test_number_${index}_of_the_login_flow`),
      artifact: artifact('2'),
    },
    ...over,
  });
}

/** A proof with this verdict. */
export const proof = (verdict: Proof['verdict'], reasons: readonly string[] = []): Proof => ({
  verdict,
  redAtBase: true,
  greenWithChange: verdict === 'proven',
  greenAgain: verdict === 'proven',
  redAgain: verdict === 'proven',
  newlyRed: [],
  findings: [],
  reasons: [...reasons],
});

/** One signal. */
export function signal(repo: string, over: Partial<Signal> = {}): Signal {
  return {
    id: `delivery-${over.kind ?? 'check-failed'}-${over.sha?.[0] ?? 'a'}`,
    source: 'local',
    kind: 'check-failed',
    repo: { owner: 'acme', name: repo },
    subject: 'branch/main',
    at: '2026-11-23T10:00:00.000Z',
    actor: { id: 'ci', trust: 'system' },
    summary: 'unit is red',
    sha: sha('a'),
    facts: { check: 'unit' },
    ...over,
  };
}

/** Settings in milliseconds. */
export function input(
  repo: string,
  over: {
    timings?: Partial<HealingInput['settings']['timings']>;
    settings?: Partial<HealingInput['settings']>;
    rest?: Partial<HealingInput>;
  } = {},
): HealingInput {
  return {
    repo: { owner: 'acme', name: repo },
    subject: 'branch/main',
    ...over.rest,
    settings: {
      autonomyCeiling: 'deploy',
      dryRun: false,
      caps: { attempts: 3, probes: 4, slotsPerRepository: 3, signals: 20 },
      ...over.settings,
      timings: {
        slotLeaseMs: 60_000,
        approvalReminderMs: 60_000,
        approvalReminders: 2,
        checkPollMs: 20,
        checkTimeoutMs: 30_000,
        deployPollMs: 20,
        deployTimeoutMs: 30_000,
        verifyPollMs: 10,
        verifyWindowMs: 20,
        verifyTimeoutMs: 30_000,
        cooldownMs: 0,
        gatherMs: 0,
        ledgerTtlMs: 60_000,
        ...over.timings,
      },
    },
  };
}

/** Answers of activities: a value, or what to do with the input. */
export type Answers = { readonly [Name in keyof Activities]?: Activities[Name] };

/** The answer to the first call, the second, ...; the last one stays. */
export function inTurn<Input, Output>(
  ...answers: ReadonlyArray<Output | ((input: Input) => Output | Promise<Output>)>
): (input: Input) => Promise<Output> {
  let turn = 0;
  return async (given) => {
    const answer = answers[Math.min(turn, answers.length - 1)] as Output | ((input: Input) => Output | Promise<Output>);
    turn += 1;
    return typeof answer === 'function' ? await (answer as (input: Input) => Output | Promise<Output>)(given) : answer;
  };
}

/** What the happy path answers: one attempt, proven, published, merged, verified. */
export const happy: Omit<Activities, 'requestSlot'> = {
  normalize: async (): Promise<Normalized> => ({ kind: 'incident', incident: incident() }),
  judgeAdmission: async () => ({ kind: 'granted', attemptsUsed: 0 }),
  findClosedHealings: async () => [],
  findWatched: async () => ({ healingId: null }),
  updateClaim: async () => undefined,
  updateCard: async () => undefined,
  showProgress: async () => undefined,
  quietMonitors: async () => undefined,
  identifyActor: async ({ id }) => ({ id, trust: 'maintainer' }),
  presentChange: async () => ({ diff: artifact('6') }),
  reason: async ({ attempt }) => ({
    kind: 'plan',
    diagnosis: { class: 'configuration', cause: 'config.yaml is wrong', confidence: 0.9, evidence: ['it changed'] },
    plan: {
      artifact: artifact('4'),
      strategy: 'config-rollback',
      title: 'take config.yaml back',
      rationale: 'it changed',
      risk: 'low',
      fingerprint: `plan-${attempt}`,
    },
    refusals: [{ strategy: 'formatter', code: 'not-a-formatter', detail: 'the check is a test' }],
  }),
  askModel: async () => ({ kind: 'answered', answer: artifact('7'), detail: 'scripted: 10 tokens', tokens: 10, usd: 0.01 }),
  reserveBudget: async () => ({ kind: 'reserved' }),
  settleBudget: async () => undefined,
  decidePlan: async () => ({ decision: 'allow', autonomy: 'deploy', reasons: [] }),
  runCommand: async ({ changeSet, command }) => run({ name: command, exitCode: changeSet ? 0 : 1 }),
  judgeReproduction: async () => ({ verdict: 'reproduced', detail: 'red' }),
  judgeProbe: async () => 'green',
  buildChangeSet: async () => ({
    kind: 'built',
    changeSet: {
      artifact: artifact('5'),
      hash: 'c'.repeat(64),
      base: sha('a'),
      paths: ['config.yaml'],
      fileCount: 1,
      additions: 1,
      deletions: 1,
    },
  }),
  judgeProof: async () => proof('proven'),
  decideChange: async () => ({ decision: 'allow', autonomy: 'deploy', reasons: [] }),
  publish: async () => ({ kind: 'open', change: { number: 7, url: 'https://forge.invalid/7', branch: 'suture/fix-1', headSha: sha('e') } }),
  readChecks: async () => ({ state: 'green', detail: 'all green' }),
  rerunChecks: async () => ({ asked: true }),
  readPullRequest: async () => ({ state: 'open', headSha: sha('e') }),
  merge: async () => ({ kind: 'merged', sha: sha('f') }),
  deploy: async () => ({ id: 'deployment-1', state: 'queued' }),
  readDeployment: async () => ({ state: 'success', detail: 'live' }),
  readHealth: async () => ({ at: '2026-11-23T10:00:00.000Z', requests: 100, errorRate: 0, ok: true }),
  judgeHealth: async () => ({ verdict: 'better', detail: 'errors fell to 0 %' }),
  judgeWatched: async (given) => judgeWatched(given),
  judgeSignal: async ({ signal: late }) => ({ kind: 'continue', note: `${late.kind} changes nothing` }),
  publishRevert: async () => ({
    kind: 'open',
    change: { number: 8, url: 'https://forge.invalid/8', branch: 'suture/undo-1', headSha: sha('b') },
  }),
  planAction: async () => ({ kind: 'none', detail: 'the policy names no action' }),
  performAction: async () => ({ kind: 'done', detail: 'status 200' }),
  readServiceHealth: async () => ({ at: '2026-11-23T10:00:00.000Z', requests: 100, errorRate: 0, ok: true }),
  withdraw: async () => undefined,
  escalate: async () => undefined,
  notify: async () => undefined,
  recordAudit: async () => undefined,
  obeyCommand: async () => ({ kind: 'obeyed', detail: 'on it' }),
  forwardSignals: async () => ({ delivered: true }),
  splitHealings: async () => undefined,
  patrol: async () => ({ started: [], swept: 0 }),
};

/** One call of an activity. */
export interface Call {
  readonly name: keyof Activities;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into inputs of many shapes
  readonly input: any;
}

/** Plays the activities of many healings at once: which script answers is told by the repository in the workflow's id. */
export class Scripts {
  readonly #answers = new Map<string, Answers>();
  readonly #calls = new Map<string, Call[]>();
  readonly #requestSlot: Activities['requestSlot'];

  constructor(requestSlot: Activities['requestSlot']) {
    this.#requestSlot = requestSlot;
  }

  /** How the activities of one repository answer, besides the happy path. */
  script(repo: string, answers: Answers): void {
    this.#answers.set(repo, answers);
  }

  /** Forgets what was called for a repository: a test that is tried again counts its own calls. */
  forget(repo: string): void {
    this.#calls.delete(repo);
  }

  /** What was called for a repository so far, oldest first. */
  calls(repo: string, name?: keyof Activities): readonly Call[] {
    return (this.#calls.get(repo) ?? []).filter((call) => name === undefined || call.name === name);
  }

  /** The object a worker registers. */
  activities(): Record<string, (given: unknown) => Promise<unknown>> {
    const names: ReadonlyArray<keyof Activities> = [...(Object.keys(happy) as Array<keyof Omit<Activities, 'requestSlot'>>), 'requestSlot'];
    return Object.fromEntries(
      names.map((name) => [
        name,
        async (given: unknown) => {
          const repo = activityInfo().workflowExecution?.workflowId.split('/')[2] ?? '';
          const calls = this.#calls.get(repo) ?? [];
          this.#calls.set(repo, calls);
          calls.push({ name, input: given });
          const answer = this.#answers.get(repo)?.[name] ?? (name === 'requestSlot' ? this.#requestSlot : happy[name]);
          return await (answer as (given: unknown) => Promise<unknown>)(given);
        },
      ]),
    );
  }
}

/** Waits in an activity until it is cancelled, heartbeating as real sandbox jobs do. */
export async function untilCancelled(): Promise<never> {
  const beat = setInterval(() => Context.current().heartbeat(), 50);
  try {
    return await Context.current().cancelled;
  } finally {
    clearInterval(beat);
  }
}

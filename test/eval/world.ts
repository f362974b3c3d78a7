import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createActivities } from '../../src/activities/index.ts';
import { getChangeSet } from '../../src/activities/stored.ts';
import { readOnlyForge } from '../../src/cli/backtest/read-only.ts';
import { parseRepositoryPolicy } from '../../src/config/index.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { healingId } from '../../src/domain/ids.ts';
import type { HealingSettings } from '../../src/domain/settings.ts';
import { mirrorExisting, reportCheck } from '../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { DEFAULT_LIMITS, type Sandbox } from '../../src/sandbox/contract.ts';
import { createDependencyCache } from '../../src/sandbox/dependency-cache.ts';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { createSandboxService } from '../../src/sandbox/service.ts';
import { createArtifactStore } from '../../src/store/artifact-store.ts';
import { createAuditTrail } from '../../src/store/audit-trail.ts';
import { createBudgetLedger } from '../../src/store/budget-ledger.ts';
import { createRecordStore } from '../../src/store/record-store.ts';
import { createReasoner } from '../../src/strategies/reasoner.ts';
import { strategies } from '../../src/strategies/registry.ts';
import type { Healings } from '../../src/temporal/contract.ts';
import { createHealings } from '../../src/temporal/index.ts';
import { patientView } from '../support/patient.ts';
import { openTemporal } from '../support/temporal.ts';
import type { ProvidedTemporal } from '../support/temporal-server.ts';
import type { EvalCase } from './case.ts';
import { judgeChange } from './oracle.ts';
import { writeRepository } from './repository.ts';
import { CLOCK } from './story.ts';

/** Nothing waits for people or for the outside; the caps are the server's own. */
const SETTINGS: HealingSettings = {
  timings: {
    slotLeaseMs: 3_600_000,
    approvalReminderMs: 100,
    approvalReminders: 0,
    checkPollMs: 100,
    checkTimeoutMs: 1_000,
    deployPollMs: 100,
    deployTimeoutMs: 1_000,
    verifyPollMs: 100,
    verifyWindowMs: 100,
    verifyTimeoutMs: 1_000,
    cooldownMs: 0,
    gatherMs: 0,
    ledgerTtlMs: 1_000,
  },
  caps: { attempts: 3, candidates: 3, probes: 120, slotsPerRepository: 3, signals: 100 },
  autonomyCeiling: 'merge',
  dryRun: true,
};

/** What became of one case. `wrong`: it was healed, and the oracle says that it was not. */
export interface EvalResult {
  readonly id: string;
  readonly class: string;
  readonly language: string;
  readonly seed: number;
  readonly commits: number;
  readonly end: 'healed' | 'escalated' | 'abstained' | 'wrong' | 'other';
  /** Whether that is what must become of it. */
  readonly right: boolean;
  readonly reason: string;
  readonly detail: string;
  readonly diagnosed: string;
  readonly cause: string;
  readonly strategy: string | null;
  readonly seconds: number;
  /** Jobs of the sandbox. */
  readonly runs: number;
  /** How long the first of them took: the failing command as it is. */
  readonly firstRunSeconds: number;
}

const rounded = (seconds: number) => Math.round(seconds * 100) / 100;

/** A place where cases are healed. */
export interface EvalWorld {
  run(evalCase: EvalCase): Promise<EvalResult>;
  close(): Promise<void>;
}

/** The real sandbox, with the seconds of each job by repository. To its cache of dependencies all repositories are one: the standard library of Go is compiled once. */
function countedSandbox(stateDir: string, runs: Map<string, number[]>): Sandbox {
  const local = createLocalSandbox({ stateDir, ...(process.env['PATH'] === undefined ? {} : { searchPath: process.env['PATH'] }) });
  const service = createSandboxService(
    new Map([['local', local]]),
    { backend: 'local', allow: [], endpoints: [], secrets: [], limits: DEFAULT_LIMITS },
    { cache: createDependencyCache(join(stateDir, 'dependencies')), registries: [], env: {} },
  );
  return {
    id: service.id,
    get platform() {
      return service.platform;
    },
    preflight: () => service.preflight(),
    sweep: () => service.sweep(),
    async run(job, options) {
      const own = runs.get(job.repository ?? '') ?? [];
      runs.set(job.repository ?? '', own);
      const began = performance.now();
      const result = await service.run({ ...job, repository: 'local/evaluated' }, options);
      own.push((performance.now() - began) / 1000);
      return result;
    },
  };
}

function resultOf(
  evalCase: EvalCase,
  view: HealingView,
  wrong: readonly string[] | null,
  measured: Pick<EvalResult, 'seconds' | 'runs' | 'firstRunSeconds'>,
): EvalResult {
  const { id, class: kind, language, seed, commits, truth } = evalCase;
  const { outcome, cause = '', strategy = null } = view;
  if (outcome === undefined) throw new Error(`${id} ended without an outcome`);
  const known = ['healed', 'escalated', 'abstained'] as const;
  const said = known.find((each) => each === outcome.kind) ?? 'other';
  const end = said === 'healed' && wrong !== null ? 'wrong' : said;
  const diagnosed = view.class ?? '';
  const right =
    truth.end === 'healed'
      ? end === 'healed' && strategy !== null && truth.strategies.includes(strategy)
      : truth.kinds.includes(outcome.kind) && cause !== '' && (truth.classes?.includes(diagnosed) ?? true);
  const detail = end === 'wrong' ? `differs in ${wrong?.join(', ')}` : outcome.detail;
  return {
    id,
    class: kind,
    language,
    seed,
    commits: commits.length,
    end,
    right,
    reason: outcome.reason,
    detail: detail.slice(0, 300),
    diagnosed,
    cause,
    strategy: said === 'healed' ? strategy : null,
    ...measured,
  };
}

/** Opens a place for cases over a state folder of its own: the real workflow and activities, the real sandbox, the local forge, and no model. */
export async function openEvalWorld(temporal?: Extract<ProvidedTemporal, { kind: 'running' }>): Promise<EvalWorld> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-eval-'));
  const runs = new Map<string, number[]>();
  const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
  const log: ActivityDeps['log'] = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (facts, message) => process.stderr.write(`${message} ${JSON.stringify(facts)}\n`),
  };
  let door: Healings | undefined;
  // The worker is started with the activities and the door needs the worker's task queue: one of them has to come later.
  const healings = new Proxy({} as Healings, { get: (_, name) => Reflect.get(door ?? {}, name) });
  const deps: ActivityDeps = {
    forge: readOnlyForge(createLocalForge(stateDir)),
    sandbox: countedSandbox(stateDir, runs),
    limits: DEFAULT_LIMITS,
    reasoner: createReasoner(strategies),
    model: null,
    budget: createBudgetLedger(join(stateDir, 'budget')),
    budgetLimits: { perIncident: {}, perRepositoryDay: {}, perOrganisationDay: {}, perDay: {} },
    health: null,
    notifiers: new Map(),
    telemetry: [],
    desks: new Map(),
    actions: { defined: {}, run: () => Promise.reject(new Error('an evaluation acts on nothing')) },
    artifacts,
    records: createRecordStore(join(stateDir, 'records')),
    audit: createAuditTrail(join(stateDir, 'audit'), { signingKey: generateKeyPairSync('ed25519').privateKey }),
    healings,
    parsePolicy: parseRepositoryPolicy,
    redact: createRedactor([]),
    settings: SETTINGS,
    now: () => CLOCK,
    log,
  };
  const activities = createActivities(deps);
  // The hash of the change is known to everybody, its content to the proof alone: it is noted where it is built.
  const built = new Map<string, Parameters<typeof getChangeSet>[1]>();
  const world = await openTemporal(
    {
      ...activities,
      async buildChangeSet(input: Parameters<typeof activities.buildChangeSet>[0]) {
        const result = await activities.buildChangeSet(input);
        if (result.kind === 'built') built.set(result.changeSet.hash, result.changeSet);
        return result;
      },
    },
    temporal === undefined ? {} : { temporal },
  );
  door = createHealings(world.client, { taskQueue: world.taskQueue, namespace: world.namespace });
  return {
    async run(evalCase) {
      const folder = join(stateDir, 'origins', `${evalCase.id}-${randomUUID().slice(0, 8)}`);
      const shas = writeRepository(folder, evalCase);
      const { repo, branch } = await mirrorExisting(stateDir, folder);
      const { green } = evalCase;
      const sha = green === undefined ? undefined : shas[green.commit];
      if (green !== undefined && sha !== undefined)
        await reportCheck(stateDir, repo, { sha, name: green.check, conclusion: 'success', log: 'ok' });
      const subject = `manual/${evalCase.id}`;
      const began = performance.now();
      await healings.report(
        { repo, subject, settings: SETTINGS, request: { run: evalCase.run, timeoutSeconds: 120, revision: branch } },
        {
          id: `eval:${evalCase.id}`,
          source: 'manual',
          kind: 'requested',
          repo,
          subject,
          at: CLOCK.toISOString(),
          actor: { id: 'eval', trust: 'maintainer' },
          summary: 'evaluated',
          facts: {},
        },
      );
      const id = healingId(repo, subject);
      await world.workflows.getHandle(id).result();
      const seconds = (performance.now() - began) / 1000;
      const view = await patientView(healings, id);
      if (view === null) throw new Error(`${evalCase.id} cannot be looked at`);
      const change = built.get(view.repair?.hash ?? '');
      const healed = view.outcome?.kind === 'healed';
      if (healed && change === undefined) throw new Error(`${evalCase.id} was healed with a change that nobody built`);
      const wrong = healed && change !== undefined ? judgeChange(evalCase, await getChangeSet(deps, change)) : null;
      const jobs = runs.get(`${repo.owner}/${repo.name}`) ?? [];
      const measured = { seconds: rounded(seconds), runs: jobs.length, firstRunSeconds: rounded(jobs[0] ?? 0) };
      return resultOf(evalCase, view, wrong, measured);
    },
    async close() {
      await world.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

import { createPrivateKey } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { combineHealth } from './activities/combine-health.ts';
import type { Activities } from './activities/contract.ts';
import type { ActivityDeps } from './activities/deps.ts';
import { createActivities } from './activities/index.ts';
import { createRunCall } from './activities/run-call.ts';
import { openExecutorSandbox, openReasoner } from './agents/registry.ts';
import { endFailed } from './cli/end-failed.ts';
import { loadConfig, loadSecrets, parseRepositoryPolicy, settingsFrom, stateFolder } from './config/index.ts';
import { Failure } from './domain/failure.ts';
import { forgeQueue, modelQueue, sandboxQueue } from './domain/task-queues.ts';
import type { Integration, IntegrationContext, Model } from './integrations/contract.ts';
import { integrations } from './integrations/registry.ts';
import { createLogger } from './lib/logger.ts';
import { createRedactor } from './lib/redact.ts';
import { endWithParent } from './lib/with-parent.ts';
import { DEFAULT_LIMITS } from './sandbox/contract.ts';
import { openSandboxes } from './sandbox/registry.ts';
import { createArtifactStore } from './store/artifact-store.ts';
import { createAuditTrail } from './store/audit-trail.ts';
import { createBudgetLedger } from './store/budget-ledger.ts';
import { createExchange } from './store/exchange.ts';
import { createRecordStore } from './store/record-store.ts';
import { createRetention } from './store/retention.ts';
import { createReasoner } from './strategies/reasoner.ts';
import { strategies } from './strategies/registry.ts';
import { workflowBundle } from './temporal/bundle.ts';
import { connectLazily, createHealings, ensurePatrol, ensureSearchAttributes } from './temporal/index.ts';
import { runToEnd } from './temporal/run-to-end.ts';

/** Activities of the worker's own queue at the same time: they wait for the store and for vendors. */
const OWN_CALLS = 16;
/** Activities that call the forge at the same time; GitHub asks for fewer than 100 requests at once. */
const FORGE_CALLS = 10;
/** Questions to a model at the same time: each may take minutes, and vendors limit tokens by the minute. */
const MODEL_CALLS = 4;

/** Longest pause between two signs of life of an activity that reach the server, in milliseconds. */
const LONGEST_SILENCE_MS = 10_000;

/** What may stand around the real parts of a worker, for who watches or disturbs them. */
export interface WorkerSurroundings {
  /** Between worker and activities. */
  readonly wrap?: (activities: Activities) => Activities;
  /** Between the activities and what they are made from. */
  readonly around?: (deps: ActivityDeps) => ActivityDeps;
  /** How long a step waits for the worker that keeps its workflow before any worker may take it, in milliseconds; absent: 10 s, as the SDK has it. */
  readonly awaitKeeperMs?: number;
}

/** The model that answers, by the id of its integration; null when none is wanted. Throws `Failure` code `configuration-invalid` when it cannot. */
function openModel(id: string | undefined, context: (id: string) => IntegrationContext<unknown>): Model | null {
  if (id === undefined) return null;
  const model = integrations.find((integration) => integration.id === id)?.model?.(context(id)) ?? null;
  if (model !== null) return model;
  const known = integrations.filter((each) => each.model !== undefined).map((each) => each.id);
  throw new Failure(
    'configuration-invalid',
    known.includes(id)
      ? `model: ${id} is not set up; see its page in docs/models.md, or leave \`model\` away to do without one`
      : `model: ${id} is no model; known: ${known.join(', ') || 'none'}`,
  );
}

/** Root of the worker: configuration -> adapters -> activities -> Worker. */
export async function runWorker(surroundings: WorkerSurroundings = {}): Promise<void> {
  const { wrap = (same) => same, around = (same) => same, awaitKeeperMs } = surroundings;
  const stateDir = stateFolder(process.env);
  const loaded = loadConfig({ stateDir, env: process.env, integrations });
  const { config } = loaded;
  const secrets = loadSecrets(stateDir, process.env);
  const redact = createRedactor(secrets.all().map((secret) => secret.reveal()));
  const log = createLogger({ name: 'worker', level: config.logLevel, redact });
  const address = config.temporal.address ?? `127.0.0.1:${config.temporal.port}`;
  const { namespace, taskQueue } = config.temporal;

  const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
  const context = (id: string): IntegrationContext<unknown> => ({
    config: loaded.integrations.get(id),
    stateDir,
    secret: (name) => secrets.get(name).map((secret) => secret.reveal()),
    readArtifact: (ref) => artifacts.get(ref),
  });
  const forgeIntegration = integrations.find((integration) => integration.id === config.forge);
  const forge = forgeIntegration?.forge?.(context(config.forge));
  if (forge === undefined)
    throw new Failure(
      'configuration-invalid',
      `forge: ${config.forge} is no forge; known: ${integrations
        .filter((each) => each.forge !== undefined)
        .map((each) => each.id)
        .join(', ')}`,
    );
  const executor = openExecutorSandbox(config.agents.executor, {
    token: () => secrets.get('executor-token')[0]?.reveal(),
    env: process.env,
  });
  const sandbox =
    executor ??
    openSandboxes(config.sandbox, {
      stateDir,
      secret: (name) => secrets.get(name)[0]?.reveal(),
      exchange: (key) => createExchange(join(stateDir, 'exchange'), key),
      ...(process.env['PATH'] === undefined ? {} : { searchPath: process.env['PATH'] }),
      log,
    }).service;
  const [signingKey] = secrets.get('audit-signing-key');
  if (signingKey === undefined) throw new Failure('configuration-invalid', 'the audit signing key is missing');

  const client = connectLazily({ address, namespace });
  const webUi = process.env['SUTURE_WEB_UI_URL'];
  const healings = createHealings(client.client, { taskQueue, namespace, ...(webUi === undefined ? {} : { webUi }) });
  const settings = settingsFrom(config);
  /** What integrations offer of one kind, by their ids; those that are not configured are left out. */
  const capabilities = <Name extends 'health' | 'notifier' | 'telemetry' | 'desk'>(name: Name) =>
    new Map(
      integrations.flatMap((each) => {
        const made = each[name]?.(context(each.id)) ?? null;
        return made === null ? [] : [[each.id, made as NonNullable<ReturnType<NonNullable<Integration[Name]>>>] as const];
      }),
    );
  const notifiers = capabilities('notifier');
  const silent = config.notify.find(({ notifier }) => !notifiers.has(notifier));
  if (silent !== undefined)
    throw new Failure(
      'configuration-invalid',
      `notify: ${silent.notifier} is not set up, so nobody would hear; configured: ${[...notifiers.keys()].join(', ')}`,
    );
  const reasoner = openReasoner(config.agents.reasoner, {
    inProcess: createReasoner(strategies),
    token: () => secrets.get('reasoner-token')[0]?.reveal(),
    env: process.env,
  });
  const deps: ActivityDeps = {
    stateDir,
    forge,
    sandbox,
    limits: {
      ...DEFAULT_LIMITS,
      memoryBytes: config.sandbox.memoryBytes,
      processes: config.sandbox.processes,
      workspaceBytes: config.sandbox.workspaceBytes,
    },
    reasoner,
    model: openModel(config.model, context),
    budget: createBudgetLedger(join(stateDir, 'budget')),
    budgetLimits: config.budget,
    health: combineHealth([...capabilities('health').values()]),
    notifiers,
    notifyRules: config.notify,
    telemetry: [...capabilities('telemetry').values()],
    desks: capabilities('desk'),
    actions: { defined: config.actions, run: createRunCall(() => secrets.get('actions-token')[0]?.reveal()) },
    artifacts,
    records: createRecordStore(join(stateDir, 'records')),
    retention: createRetention(stateDir, { days: config.retentionDays, now: () => new Date() }),
    audit: createAuditTrail(join(stateDir, 'audit'), { signingKey: createPrivateKey(signingKey.reveal()) }),
    healings,
    parsePolicy: parseRepositoryPolicy,
    redact,
    settings,
    now: () => new Date(),
    log,
  };

  Runtime.install({
    logger: {
      log() {},
      trace() {},
      debug() {},
      info() {},
      warn: (message, meta) => log.warn({ ...meta }, message),
      error: (message, meta) => log.error({ ...meta }, message),
    },
    shutdownSignals: [],
  });
  const connection = await NativeConnection.connect({ address }).catch((error: unknown) => {
    throw new Failure('temporal-unavailable', `no Temporal server answers at ${address}; start one, or correct SUTURE_TEMPORAL_ADDRESS`, {
      cause: error,
    });
  });
  await ensureSearchAttributes(client.client, namespace);
  const activities = wrap(createActivities(around(deps)));
  const common = {
    connection,
    namespace,
    activities,
    // The SDK holds signs of life back for up to four fifths of their limit, which leaves a busy machine little of a short one.
    maxHeartbeatThrottleInterval: Math.min(LONGEST_SILENCE_MS, config.timings.workerLostMs / 3),
    shutdownGraceTime: '5 seconds',
    shutdownForceTime: '15 seconds',
  } as const;
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue,
      workflowBundle: await workflowBundle(join(stateDir, 'cache')),
      maxCachedWorkflows: config.temporal.cachedWorkflows,
      ...(awaitKeeperMs === undefined ? {} : { stickyQueueScheduleToStartTimeout: awaitKeeperMs }),
      maxConcurrentActivityTaskExecutions: OWN_CALLS,
    }),
    Worker.create({ ...common, taskQueue: forgeQueue(taskQueue), maxConcurrentActivityTaskExecutions: FORGE_CALLS }),
    // Jobs beyond what this machine takes wait at the server, where owners take turns.
    Worker.create({ ...common, taskQueue: sandboxQueue(taskQueue), maxConcurrentActivityTaskExecutions: config.sandbox.concurrency }),
    Worker.create({ ...common, taskQueue: modelQueue(taskQueue), maxConcurrentActivityTaskExecutions: MODEL_CALLS }),
  ]);
  await sandbox.sweep();
  if (config.patrolEveryMs > 0) await ensurePatrol(client.client, { everyMs: config.patrolEveryMs, taskQueue, settings });

  const record = join(stateDir, 'run', 'worker.json');
  await mkdir(dirname(record), { recursive: true });
  await writeFile(`${record}.${process.pid}`, JSON.stringify({ pid: process.pid }));
  await rename(`${record}.${process.pid}`, record);
  process.stdout.write(`${JSON.stringify({ polling: taskQueue })}\n`);
  const stop = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  endWithParent(stop);
  await Promise.all(workers.map(runToEnd));
  await connection.close();
  await Promise.all([reasoner.close(), executor?.close()]);
  await client.close();
}

/** Runs a worker until it is told to stop, and ends the process: 0, 6 where a person can mend the reason, else 1. */
export function runWorkerProcess(...given: Parameters<typeof runWorker>): void {
  runWorker(...given).then(() => process.exit(0), endFailed);
}

if (import.meta.main) runWorkerProcess();

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../activities/contract.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { readDossier, writeDossier } from '../../activities/dossier.ts';
import { createActivities } from '../../activities/index.ts';
import { incidentSummary } from '../../activities/normalize.ts';
import { Failure } from '../../domain/failure.ts';
import { healingId } from '../../domain/ids.ts';
import { HEALING_MESSAGES } from '../../domain/messages.ts';
import type { ArtifactRef } from '../../domain/names.schema.ts';
import type { RepositoryPolicy } from '../../domain/repository-policy.schema.ts';
import type { HealingSettings } from '../../domain/settings.ts';
import { forgeQueue, modelQueue, sandboxQueue } from '../../domain/task-queues.ts';
import { createArtifactStore } from '../../store/artifact-store.ts';
import { createAuditTrail } from '../../store/audit-trail.ts';
import { createBudgetLedger } from '../../store/budget-ledger.ts';
import { createRecordStore } from '../../store/record-store.ts';
import { workflowBundle } from '../../temporal/bundle.ts';
import { startDevServer } from '../../temporal/dev-server.ts';
import { connectLazily, createHealings } from '../../temporal/index.ts';
import { runToEnd } from '../../temporal/run-to-end.ts';
import type { RecordedCase } from './cases.ts';
import type { Replayed } from './compare.ts';
import { overlayArtifacts, readOnlyForge } from './read-only.ts';

/** What a back-test takes of the server that recorded its cases; everything that writes is replaced here. */
export type Parts = Pick<
  ActivityDeps,
  'forge' | 'sandbox' | 'limits' | 'reasoner' | 'model' | 'budgetLimits' | 'artifacts' | 'parsePolicy' | 'redact' | 'log'
>;

/** A place where healings are told again: a Temporal server in memory and a folder, both gone at the end. */
export interface ReplayWorld {
  /** Tells one case again, up to the point where something would be written. */
  replay(recorded: RecordedCase): Promise<Replayed>;
  close(): Promise<void>;
}

/** Durations of a replay: nothing waits for people or for the outside. */
const TIMINGS: HealingSettings['timings'] = {
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
};

/** Opens a place for back-tests. `policy` stands in for the recorded one. */
export async function openReplayWorld(
  parts: Parts,
  options: {
    readonly executable: string;
    readonly cacheDir: string;
    readonly caps: HealingSettings['caps'];
    readonly policy?: RepositoryPolicy;
  },
): Promise<ReplayWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'suture-backtest-'));
  const undo: Array<() => Promise<unknown>> = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const namespace = 'default';
    const taskQueue = 'backtest';
    const server = await startDevServer({
      executable: options.executable,
      port: 0,
      uiPort: 0,
      namespace,
      logFile: join(folder, 'temporal.log'),
      headless: true,
    });
    undo.push(() => server.stop());
    const client = connectLazily({ address: server.address, namespace });
    undo.push(() => client.close());
    const healings = createHealings(client.client, { taskQueue, namespace });
    const artifacts = overlayArtifacts(createArtifactStore(join(folder, 'artifacts')), parts.artifacts);
    const settings: HealingSettings = { timings: TIMINGS, caps: options.caps, autonomyCeiling: 'deploy', dryRun: true };
    const deps: ActivityDeps = {
      ...parts,
      forge: readOnlyForge(parts.forge),
      artifacts,
      records: createRecordStore(join(folder, 'records')),
      audit: createAuditTrail(join(folder, 'audit'), { signingKey: generateKeyPairSync('ed25519').privateKey }),
      budget: createBudgetLedger(join(folder, 'budget')),
      health: null,
      notifiers: new Map(),
      telemetry: [],
      desks: new Map(),
      actions: { defined: {}, run: () => Promise.reject(new Failure('bug', 'a back-test acts on nothing')) },
      healings,
      settings,
      now: () => new Date(),
    };
    const spent = new Map<string, { tokens: number; usd: number; minutes: number }>();
    const cases = new Map<string, RecordedCase>();
    const activities = replaying(createActivities(deps), deps, {
      cases,
      spent,
      grant: (id) => client.client.workflow.getHandle(id).signal(HEALING_MESSAGES.admission, { kind: 'granted', attemptsUsed: 0 }),
      policy: options.policy,
    });

    quiet();
    const connection = await NativeConnection.connect({ address: server.address });
    undo.push(() => connection.close());
    const common = { connection, namespace, activities, shutdownGraceTime: 0, shutdownForceTime: 5_000 };
    const workers = await Promise.all([
      Worker.create({ ...common, taskQueue, workflowBundle: await workflowBundle(options.cacheDir) }),
      ...[forgeQueue, sandboxQueue, modelQueue].map((queue) => Worker.create({ ...common, taskQueue: queue(taskQueue) })),
    ]);
    const running = Promise.all(workers.map(runToEnd));
    undo.push(async () => {
      for (const worker of workers) worker.shutdown();
      await running;
    });

    let told = 0;
    return {
      async replay(recorded) {
        told += 1;
        const { incident } = await readDossier(deps, recorded.dossier);
        const subject = `manual/case-${told}`;
        const id = healingId(incident.repo, subject);
        cases.set(id, recorded);
        spent.set(id, { tokens: 0, usd: 0, minutes: 0 });
        await healings.report(
          { repo: incident.repo, subject, settings },
          {
            id: `backtest:${told}`,
            source: 'manual',
            kind: 'requested',
            repo: incident.repo,
            subject,
            at: new Date().toISOString(),
            actor: { id: 'backtest', trust: 'maintainer' },
            summary: 'told again',
            facts: {},
          },
        );
        await client.client.workflow.getHandle(id).result();
        const view = await healings.view(id);
        const outcome = view?.outcome;
        if (view === null || outcome === undefined)
          throw new Failure('bug', `the back-test of ${recorded.healingId} ended without an outcome`);
        const kind = outcome.kind === 'healed' || outcome.kind === 'escalated' || outcome.kind === 'abstained' ? outcome.kind : 'other';
        return {
          kind,
          reason: outcome.reason,
          class: view.class ?? null,
          strategy: view.strategy ?? null,
          change: view.repair?.hash ?? null,
          ...(spent.get(id) ?? { tokens: 0, usd: 0, minutes: 0 }),
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The real activities, except that evidence comes from the record and a slot is always free; what is used is counted. */
function replaying(
  real: Activities,
  deps: ActivityDeps,
  world: {
    readonly cases: ReadonlyMap<string, RecordedCase>;
    readonly spent: ReadonlyMap<string, { tokens: number; usd: number; minutes: number }>;
    readonly grant: (healingId: string) => Promise<void>;
    readonly policy: RepositoryPolicy | undefined;
  },
): Activities {
  const caseOf = (id: string): RecordedCase => {
    const found = world.cases.get(id);
    if (found === undefined) throw new Failure('bug', `no case is told again as ${id}`);
    return found;
  };
  return {
    ...real,
    async normalize({ healingId: id }) {
      const recorded = caseOf(id);
      const dossier = await readDossier(deps, recorded.dossier);
      const { policy } = world;
      const judged = policy === undefined ? dossier : { ...dossier, policy };
      const ref: ArtifactRef = policy === undefined ? recorded.dossier : await writeDossier(deps, judged);
      return { kind: 'incident', incident: incidentSummary(judged, ref, recorded.incident) };
    },
    requestSlot: ({ request }) => world.grant(request.healingId),
    async askModel(input) {
      const asked = await real.askModel(input);
      const total = world.spent.get(input.healingId);
      if (asked.kind === 'answered' && total !== undefined) {
        total.tokens += asked.tokens;
        total.usd += asked.usd;
      }
      return asked;
    },
    async settleBudget(input) {
      const total = [...world.spent].find(([id]) => input.key.startsWith(`${id}/`))?.[1];
      if (total !== undefined) total.minutes += input.minutes;
      await real.settleBudget(input);
    },
  };
}

function quiet(): void {
  const silent = () => undefined;
  Runtime.install({
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    shutdownSignals: [],
  });
}

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createActivities } from '../../src/activities/index.ts';
import { parseRepositoryPolicy } from '../../src/config/repository-policy.ts';
import type { HandOver } from '../../src/domain/hand-over.schema.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { healingId } from '../../src/domain/ids.ts';
import type { RepoRef } from '../../src/domain/names.schema.ts';
import type { HealingSettings } from '../../src/domain/settings.ts';
import type { Model, Notifier } from '../../src/integrations/contract.ts';
import { createRepository, type PushedFile, push } from '../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { createLocalNotifier } from '../../src/integrations/local/notifier.ts';
import { openRepository, readPulls } from '../../src/integrations/local/repo-store.ts';
import { createLocalForgeService } from '../../src/integrations/local/service.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { DEFAULT_LIMITS, type Sandbox, type SandboxLimits } from '../../src/sandbox/contract.ts';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { createArtifactStore } from '../../src/store/artifact-store.ts';
import { createAuditTrail } from '../../src/store/audit-trail.ts';
import { createBudgetLedger } from '../../src/store/budget-ledger.ts';
import type { ArtifactStore } from '../../src/store/contract.ts';
import { createRecordStore } from '../../src/store/record-store.ts';
import type { Strategy } from '../../src/strategies/contract.ts';
import { createReasoner } from '../../src/strategies/reasoner.ts';
import { strategies } from '../../src/strategies/registry.ts';
import type { Healings } from '../../src/temporal/contract.ts';
import { createHealings } from '../../src/temporal/index.ts';
import { writeFiles } from '../integrations/local/support.ts';
import { patientView } from '../support/patient.ts';
import { openTemporal, type TemporalWorld } from '../support/temporal.ts';

/** Files of a repository by path. */
export type Files = Readonly<Record<string, PushedFile>>;

/** Short waits, and autonomy up to the merge: what slips through here would be on the default branch. */
export const SETTINGS: HealingSettings = {
  timings: {
    slotLeaseMs: 300_000,
    approvalReminderMs: 60_000,
    approvalReminders: 1,
    checkPollMs: 200,
    checkTimeoutMs: 40_000,
    deployPollMs: 200,
    deployTimeoutMs: 5_000,
    verifyPollMs: 200,
    verifyWindowMs: 200,
    verifyTimeoutMs: 5_000,
    cooldownMs: 0,
    gatherMs: 0,
    ledgerTtlMs: 60_000,
  },
  caps: { attempts: 3, probes: 12, slotsPerRepository: 3, signals: 100 },
  autonomyCeiling: 'merge',
  dryRun: false,
};

/** How one repository was healed, or not. */
export interface Ended {
  readonly view: HealingView;
  /** How many pull requests there are. */
  readonly pulls: number;
  /** What people were handed, if anything. */
  readonly handOver: HandOver | undefined;
  /** The default branch's head before and after. */
  readonly head: { readonly before: string; readonly after: string };
}

/** The whole system but ingress and command line: server, worker, forge with its check runner, sandbox, store. */
export interface WholeWorld {
  readonly stateDir: string;
  readonly temporal: TemporalWorld;
  readonly healings: Healings;
  readonly sandbox: Sandbox;
  readonly forge: ActivityDeps['forge'];
  readonly artifacts: ArtifactStore;
  /** Serves a repository at its first commit and waits for its checks. */
  serve(name: string, files: Files): Promise<RepoRef>;
  /** Pushes to `main` and waits for its checks; a null file is deleted. */
  push(repo: RepoRef, files: Files, message?: string): Promise<string>;
  /** Reports that a check failed on `main`, as an event does. */
  report(repo: RepoRef, check: string): Promise<void>;
  /** Reports that a check failed on `main` and follows the healing to its end; the repository is gone afterwards. */
  heal(repo: RepoRef, check: string): Promise<Ended>;
  /** Follows the healing of `main` to its end. */
  followed(repo: RepoRef): Promise<HealingView>;
  close(): Promise<void>;
}

/** Opens a world over a state folder of its own. `extra` are strategies besides the product's. */
export async function openWholeWorld(
  options: {
    readonly limits?: Partial<SandboxLimits>;
    readonly extra?: (artifacts: ArtifactStore) => readonly Strategy[];
    /** Absent: none is asked. */
    readonly model?: Model;
  } = {},
): Promise<WholeWorld> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-hostile-'));
  const limits: SandboxLimits = {
    ...DEFAULT_LIMITS,
    wallClockMs: 60_000,
    memoryBytes: 512 * 1024 ** 2,
    workspaceBytes: 64 * 1024 ** 2,
    ...options.limits,
  };
  const log: ActivityDeps['log'] = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const sandbox = createLocalSandbox({ stateDir, ...(process.env['PATH'] === undefined ? {} : { searchPath: process.env['PATH'] }) });
  const forge = createLocalForge(stateDir);
  const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
  const handedOver = new Map<string, HandOver>();
  const listening: Notifier = {
    handOver: async (message) => void handedOver.set(message.healingId, message),
    notify: async () => undefined,
  };
  let door: Healings | undefined;
  // The worker is started with the activities and the door needs the worker's task queue: one of them has to come later.
  const healings = new Proxy({} as Healings, { get: (_, name) => Reflect.get(door ?? {}, name) });
  const temporal = await openTemporal(
    createActivities({
      forge,
      sandbox,
      limits,
      reasoner: createReasoner([...strategies, ...(options.extra?.(artifacts) ?? [])]),
      model: options.model ?? null,
      budget: createBudgetLedger(join(stateDir, 'budget')),
      budgetLimits: { perIncident: {}, perRepositoryDay: {}, perOrganisationDay: {}, perDay: {} },
      health: null,
      notifiers: new Map<string, Notifier>([
        ['local', createLocalNotifier(stateDir, (ref) => artifacts.get(ref))],
        ['listening', listening],
      ]),
      telemetry: [],
      desks: new Map(),
      actions: { defined: {}, run: async () => ({ status: 200 }) },
      artifacts,
      records: createRecordStore(join(stateDir, 'records')),
      audit: createAuditTrail(join(stateDir, 'audit'), { signingKey: generateKeyPairSync('ed25519').privateKey }),
      healings,
      parsePolicy: parseRepositoryPolicy,
      redact: createRedactor([]),
      settings: SETTINGS,
      now: () => new Date(),
      log,
    }),
  );
  door = createHealings(temporal.client, { taskQueue: temporal.taskQueue, namespace: temporal.namespace });
  const service = createLocalForgeService({
    stateDir,
    sandbox,
    limits,
    readChecks: (text) => parseRepositoryPolicy(text).checks,
    hook: null,
    log,
    // Pushes and pull requests announce themselves.
    pollMs: 5_000,
  });
  await service.start();
  const mainOf = async (repo: RepoRef): Promise<string> => (await forge.repositories.resolve(repo, 'main')) ?? '';

  const world: WholeWorld = {
    stateDir,
    temporal,
    healings,
    sandbox,
    forge,
    artifacts,
    async serve(name, files) {
      // The server of a run is shared by all its tests, and one may be tried again: owners are told apart.
      const repo = { owner: `hostile-${randomUUID().slice(0, 8)}`, name };
      const origin = await mkdtemp(join(tmpdir(), 'suture-origin-'));
      try {
        await writeFiles(origin, { '.gitkeep': '' });
        await createRepository(stateDir, repo, { origin: { fromDirectory: origin }, defaultBranch: 'main' });
      } finally {
        await rm(origin, { recursive: true, force: true });
      }
      await world.push(repo, files, 'The program');
      return repo;
    },
    async push(repo, files, message = 'Change the program') {
      const { sha } = await push(stateDir, repo, { branch: 'main', files, message, actor: 'dev' });
      await service.idle();
      return sha;
    },
    async report(repo, check) {
      const subject = 'branch/main';
      await healings.report(
        { repo, subject, settings: SETTINGS },
        {
          id: `hostile:${randomUUID()}`,
          source: 'local',
          kind: 'check-failed',
          repo,
          subject,
          at: new Date().toISOString(),
          actor: { id: 'dev', trust: 'maintainer' },
          summary: `check ${check} failed on main`,
          sha: await mainOf(repo),
          facts: { check },
        },
      );
    },
    async heal(repo, check) {
      const before = await mainOf(repo);
      await world.report(repo, check);
      const id = healingId(repo, 'branch/main');
      const view = await world.followed(repo);
      const open = await openRepository(stateDir, repo);
      const ended: Ended = {
        view,
        pulls: (await readPulls(open)).length,
        handOver: handedOver.get(id),
        head: { before, after: await mainOf(repo) },
      };
      // Every look of the forge goes over all repositories: what is over is served no longer.
      await rm(open.folders.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      return ended;
    },
    async followed(repo) {
      const id = healingId(repo, 'branch/main');
      await temporal.workflows.getHandle(id).result();
      const view = await patientView(healings, id);
      if (view?.state !== 'closed') throw new Error(`${id} ended in the state ${view?.state}`);
      return view;
    },
    async close() {
      await service.stop();
      await temporal.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
  return world;
}

/** A policy file with one check named `tests`. */
export function policy(
  run: string,
  more: { readonly report?: string; readonly timeoutSeconds?: number; readonly rest?: string } = {},
): string {
  return `version: 1
autonomy: merge
checks:
  - name: tests
    run: ${JSON.stringify(run)}
    report: ${more.report ?? 'exit-code'}
    timeoutSeconds: ${more.timeoutSeconds ?? 30}
${more.rest ?? ''}`;
}

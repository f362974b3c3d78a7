import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import type { Activities } from '../../src/activities/contract.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createActivities } from '../../src/activities/index.ts';
import { parseRepositoryPolicy } from '../../src/config/repository-policy.ts';
import type { FileChange } from '../../src/domain/change-set.schema.ts';
import type { HandOver } from '../../src/domain/hand-over.schema.ts';
import type { HealingSettings } from '../../src/domain/settings.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import type { Forge, HealthReading, Notice } from '../../src/integrations/contract.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { DEFAULT_LIMITS, type Sandbox, type SandboxJob, type StepResult } from '../../src/sandbox/contract.ts';
import { createArtifactStore } from '../../src/store/artifact-store.ts';
import { createAuditTrail } from '../../src/store/audit-trail.ts';
import { createBudgetLedger } from '../../src/store/budget-ledger.ts';
import { readAuditTrail } from '../../src/store/read-audit-trail.ts';
import { createRecordStore } from '../../src/store/record-store.ts';
import { createReasoner } from '../../src/strategies/reasoner.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { SHOP, serveShop } from '../integrations/local/support.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The healing that these tests speak for. */
export const HEALING = 'heal/acme/shop/branch/main';
/** A secret that the world holds and that must never come out. */
export const HELD_SECRET = 'correct-horse-battery-staple';

export const POLICY = `version: 1
autonomy: deploy
checks:
  - name: unit
    run: python3 -m unittest -v
    report: unittest
  - name: lint
    run: ./lint
format:
  check: lint
  fix: ./format
services:
  - name: shop
    environment: production
`;

export const SETTINGS: HealingSettings = {
  timings: {
    slotLeaseMs: 1,
    approvalReminderMs: 1,
    approvalReminders: 1,
    checkPollMs: 1,
    checkTimeoutMs: 1,
    deployPollMs: 1,
    deployTimeoutMs: 1,
    verifyPollMs: 1,
    verifyWindowMs: 1,
    verifyTimeoutMs: 1,
    cooldownMs: 1,
    gatherMs: 1,
    ledgerTtlMs: 1,
  },
  caps: { attempts: 3, probes: 10, slotsPerRepository: 3, signals: 100 },
  autonomyCeiling: 'deploy',
  dryRun: false,
};

/** What a fake sandbox makes of one step, given the workspace. */
export type Decide = (run: string, files: Map<string, string>) => Partial<StepResult>;

/** Red while config.yaml says "broken"; the formatter rewrites messy files. */
export const decideByConfig: Decide = (run, files) => {
  if (run.includes('unittest')) {
    const red = files.get('config.yaml')?.includes('broken') ?? true;
    return { exitCode: red ? 1 : 0, output: unittestLog(red) };
  }
  if (run === './format') {
    files.set('app.py', 'x = 1\n');
    return {};
  }
  return {};
};

/** Output of a run of two tests. */
export function unittestLog(red: boolean): string {
  const result = red ? 'FAIL' : 'ok';
  return `test_login (tests.test_auth.AuthTest.test_login) ... ${result}\ntest_other (tests.test_auth.AuthTest.test_other) ... ok\n\n----------------------------------------------------------------------\nRan 2 tests in 0.001s\n\n${red ? 'FAILED (failures=1)' : 'OK'}\n`;
}

function fakeSandbox(decide: Decide, jobs: SandboxJob[], swept: { count: number }): Sandbox {
  return {
    id: 'fake',
    platform: 'stand-in',
    preflight: () => Promise.resolve({ available: true, findings: [], isolation: 'fake' }),
    sweep: () => Promise.resolve(++swept.count),
    async run(job) {
      jobs.push(job);
      const files = new Map<string, string>();
      const unpacking = extract();
      // Whatever breaks off on its way to the workspace breaks the run off.
      const arriving = pipeline(await job.openBase(), unpacking);
      arriving.catch(() => undefined);
      for await (const entry of unpacking) {
        files.set(entry.header.name, (await buffer(entry)).toString('utf8'));
      }
      await arriving;
      for (const file of job.files) {
        if (file.op === 'delete') files.delete(file.path);
        else files.set(file.path, Buffer.from(file.content, 'base64').toString('utf8'));
      }
      const before = new Map(files);
      const steps: StepResult[] = [];
      for (const step of job.steps) {
        const blank = {
          exitCode: 0,
          signal: null,
          timedOut: false,
          killedBy: null,
          oomKilled: false,
          outputTruncated: false,
          durationMs: 1,
          output: '',
        };
        const result: StepResult = { ...blank, ...decide(step.run, files), name: step.name };
        steps.push(result);
        if (result.exitCode !== 0) break;
      }
      const changes: FileChange[] = [];
      for (const path of [...new Set([...before.keys(), ...files.keys()])].sort()) {
        const content = files.get(path);
        if (job.collectChanges === null || before.get(path) === content) continue;
        changes.push(
          content === undefined
            ? { op: 'delete', path }
            : { op: 'write', path, mode: '100644', content: Buffer.from(content).toString('base64') },
        );
      }
      return { steps, artifacts: new Map(), changes, refused: [], isolation: 'fake', usage: { peakMemoryBytes: null }, connections: [] };
    },
  };
}

/** Activities over a real local forge and store, with a sandbox that runs nothing. */
export interface ActivityWorld {
  readonly activities: Activities;
  readonly deps: ActivityDeps;
  readonly forgeDir: string;
  readonly auditDir: string;
  readonly green: string;
  readonly jobs: SandboxJob[];
  readonly told: Array<{ readonly key: string; readonly text: string }>;
  readonly reported: Signal[];
  readonly forwarded: string[];
  readonly limits: Array<number | null>;
  actions(): Promise<readonly string[]>;
}

export const FILES = {
  '.github/suture.yml': POLICY,
  'config.yaml': 'mode: good\n',
  'app.py': 'x=1\n',
  'tests/test_auth.py': 'def test_login(): pass\n',
};

/** What fakes took note of. */
export interface Seen {
  readonly jobs: SandboxJob[];
  readonly told: Array<{ readonly key: string; readonly text: string }>;
  readonly reported: Signal[];
  readonly forwarded: string[];
  readonly limits: Array<number | null>;
}

/** Nothing noted yet. */
export const nothingSeen = (): Seen => ({ jobs: [], told: [], reported: [], forwarded: [], limits: [] });

/** How a world of activities differs from the usual one. */
export interface ActivityOptions {
  readonly decide?: Decide;
  readonly health?: () => HealthReading;
  readonly deps?: Partial<ActivityDeps>;
  readonly healings?: Partial<ActivityDeps['healings']>;
}

/** A real store in a folder, a sandbox that runs nothing, and a forge. */
export function activityDeps(stateDir: string, forge: Forge, seen: Seen, options: ActivityOptions = {}): ActivityDeps {
  const nobody = (): never => {
    throw new Error('not part of this test');
  };
  return {
    forge,
    sandbox: fakeSandbox(options.decide ?? decideByConfig, seen.jobs, { count: 0 }),
    limits: DEFAULT_LIMITS,
    reasoner: createReasoner(strategies),
    model: null,
    budget: createBudgetLedger(join(stateDir, 'budget')),
    budgetLimits: { perIncident: {}, perRepositoryDay: {}, perOrganisationDay: {}, perDay: {} },
    health: options.health === undefined ? null : { read: async () => (options.health ?? nobody)() },
    notifiers: new Map([
      [
        'local',
        {
          handOver: async (message: HandOver, key: string) => void seen.told.push({ key, text: JSON.stringify(message) }),
          notify: async (message: Notice, key: string) => void seen.told.push({ key, text: message.text }),
        },
      ],
    ]),
    telemetry: [],
    actions: { defined: {}, run: async () => ({ status: 200 }) },
    desks: new Map(),
    artifacts: createArtifactStore(join(stateDir, 'artifacts')),
    records: createRecordStore(join(stateDir, 'records')),
    audit: createAuditTrail(join(stateDir, 'audit'), { signingKey: generateKeyPairSync('ed25519').privateKey }),
    healings: {
      running: async () => [],
      report: async (input, signal) => {
        seen.reported.push(signal);
        return { healingId: `heal/${input.repo.owner}/${input.repo.name}/${input.subject}`, runId: 'run' };
      },
      forward: async (healingId, signal) => {
        seen.forwarded.push(`${healingId} ${signal.id}`);
        return true;
      },
      command: nobody,
      limitForge: async (perSecond) => void seen.limits.push(perSecond),
      requestSlot: async () => undefined,
      decide: nobody,
      delegate: nobody,
      split: nobody,
      setApart: async () => undefined,
      stop: nobody,
      pauseHealing: nobody,
      pauseRepository: nobody,
      view: async () => null,
      coordinator: nobody,
      list: nobody,
      findClosed: async (healings) => healings.map((healing) => healing.healingId),
      ping: async () => undefined,
      webUiUrl: () => undefined,
      ...options.healings,
    },
    parsePolicy: parseRepositoryPolicy,
    redact: createRedactor([HELD_SECRET]),
    settings: SETTINGS,
    now: () => new Date(),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    ...options.deps,
  };
}

/** Makes a world whose `main` is green at its only commit. */
export async function activityWorld(
  options: ActivityOptions & {
    readonly files?: Readonly<Record<string, string>>;
    readonly maintainers?: readonly string[];
  } = {},
): Promise<ActivityWorld> {
  const stateDir = temporaryFolder();
  const forgeDir = join(stateDir, 'forge-state');
  const green = await serveShop(forgeDir, options.files ?? FILES, {
    maintainers: [...(options.maintainers ?? [])],
    environments: { production: { start: ['true'], healthPath: '/health', startTimeoutMs: 1000 } },
  });
  const seen = nothingSeen();
  const deps = activityDeps(stateDir, createLocalForge(forgeDir), seen, options);
  return {
    activities: createActivities(deps),
    deps,
    forgeDir,
    auditDir: join(stateDir, 'audit'),
    green,
    ...seen,
    async actions() {
      const actions: string[] = [];
      for await (const entry of readAuditTrail(join(stateDir, 'audit'))) actions.push(entry.action);
      return actions;
    },
  };
}

/** The incident that a signal about the shop's main branch comes to. */
export async function incidentOf({ normalize }: Pick<Activities, 'normalize'>, change: Partial<Signal>) {
  const normalized = await normalize({
    healingId: HEALING,
    repo: SHOP,
    subject: 'branch/main',
    signals: [signal(change)],
    settings: SETTINGS,
  });
  if (normalized.kind !== 'incident') throw new Error(JSON.stringify(normalized));
  return normalized.incident;
}

/** A signal about the shop's main branch. */
export function signal(change: Partial<Signal> = {}): Signal {
  return {
    id: 'delivery-1',
    source: 'local',
    kind: 'check-failed',
    repo: SHOP,
    subject: 'branch/main',
    at: '2026-11-23T00:00:00.000Z',
    actor: { id: 'dev', trust: 'maintainer' },
    summary: 'check unit failed on main',
    facts: { check: 'unit' },
    ...change,
  };
}

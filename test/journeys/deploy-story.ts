import { createPublicKey } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { type Runtime, startRuntime } from '../../src/cli/runtime.ts';
import { loadSecrets } from '../../src/config/index.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { coordinatorId, healingId } from '../../src/domain/ids.ts';
import { SUTURE_ACTOR } from '../../src/integrations/local/actors.ts';
import { createRepository, push, requestDeployment } from '../../src/integrations/local/admin.ts';
import { readDeployments } from '../../src/integrations/local/deployments.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { createLocalHealth } from '../../src/integrations/local/health.ts';
import { openRepository, readPulls } from '../../src/integrations/local/repo-store.ts';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { readAuditTrail } from '../../src/store/read-audit-trail.ts';
import { verifyAuditTrail } from '../../src/store/verify-audit-trail.ts';
import { providedTemporal } from '../support/temporal.ts';

const SUBJECT = 'branch/main';
const USERS = 20;

/** Longest wait for anything, in milliseconds: a story takes a quarter of it. */
const LIMIT_MS = 200_000;

const example = fileURLToPath(new URL('../../examples/auth-service/repository', import.meta.url));

/** The whole system on one machine with a service in production, whose processes may be killed. */
export interface DeployStory {
  readonly stateDir: string;
  readonly runtime: Runtime;
  readonly healingId: string;
  /** Pushes the change that breaks checks and production, and deploys it. */
  breakIt(): Promise<void>;
  /** The healing as it is now; null before its first signal and while nobody can answer. */
  view(): Promise<HealingView | null>;
  /** What happened so far, for the message of a failure. */
  soFar(what: string): Promise<string>;
  /** Reads until it is there; fails with the healing's timeline when it does not come. */
  until<T>(what: string, read: () => Promise<T | null>): Promise<T>;
  /** Follows the healing to its outcome and holds it against the one good end, with all that must not be there twice. */
  endsWell(): Promise<void>;
  /** Types of the activities in the histories of healing and coordinator. */
  activityTypes(): Promise<ReadonlySet<string>>;
  /** Stops everything; what is left of it fails. */
  close(): Promise<void>;
}

/** Opens a story. `ownServer`: with a Temporal server of its own, that may die; else on the one of this run. */
export async function openDeployStory(options: {
  readonly ownServer: boolean;
  /** How much longer every run of the checks and the look at production take, in milliseconds, so that nobody misses them. */
  readonly unhurriedMs?: number;
  /** How `worker-that-dies.ts` kills itself; absent: the product's own worker. */
  readonly kill?: 'before' | 'middle' | 'after';
}): Promise<DeployStory> {
  const { unhurriedMs = 0 } = options;
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-story-'));
  const { address, bundlePath, executable } = providedTemporal();
  // The server of a run is shared, so owners and queues are told apart.
  const mark = basename(stateDir).slice(-6).toLowerCase();
  const repo = { owner: `acme-${mark}`, name: 'auth-service' };
  const service = { repo, service: 'auth-service', environment: 'production' };
  const config = {
    temporal: {
      port: 0,
      uiPort: 0,
      executable,
      ...(options.ownServer ? {} : { address, taskQueue: `story-${mark}` }),
    },
    ingress: { port: 0 },
    autonomyCeiling: 'deploy',
    patrolEveryMs: 0,
    timings: {
      gatherMs: 100,
      checkPollMs: 500,
      checkTimeoutMs: 60_000,
      deployPollMs: 500,
      deployTimeoutMs: 60_000,
      verifyPollMs: 300,
      verifyWindowMs: 1_000 + unhurriedMs,
      verifyTimeoutMs: 60_000,
      cooldownMs: 0,
      watchMs: [],
      workerLostMs: 800,
    },
    logLevel: 'warn',
  };
  const bodies = Array.from({ length: USERS }, (_, number) => ({ user: `user${number}`, password: `correct-horse-${number}` }));
  await writeFile(join(stateDir, 'probe.json'), JSON.stringify(bodies));
  await writeFile(join(stateDir, 'config.yml'), stringify(config));
  if (options.kill !== undefined) await writeFile(join(stateDir, 'kill'), options.kill);
  await mkdir(join(stateDir, 'cache'));
  // Gone where other sources were tested meanwhile: the worker then makes its own.
  await copyFile(bundlePath, join(stateDir, 'cache', basename(bundlePath))).catch(() => undefined);
  const origin = await mkdtemp(join(tmpdir(), 'suture-origin-'));
  await cp(example, origin, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  if (unhurriedMs > 0) await writeFile(join(origin, 'tests', 'test_unhurried.py'), unhurriedTest(unhurriedMs));
  await createRepository(stateDir, repo, {
    origin: { fromDirectory: origin, message: 'auth-service', actor: 'mara' },
    defaultBranch: 'main',
    settings: {
      protected: true,
      requiredChecks: ['tests'],
      maintainers: ['mara'],
      environments: {
        production: {
          start: ['python3', '-m', 'auth.server'],
          port: 0,
          healthPath: '/healthz',
          startTimeoutMs: 30_000,
          probe: { method: 'POST', path: '/api/auth/login', bodiesFile: join(stateDir, 'probe.json'), headers: {} },
        },
      },
    },
  });
  await rm(origin, { recursive: true, force: true });
  const events: string[] = [];
  const opened = performance.now();
  const runtime = await startRuntime({
    stateDir,
    env: process.env,
    onEvent: (text) => void events.push(`${Math.round(performance.now() - opened)} ms: ${text}`),
    ...(options.kill === undefined ? {} : { workerScript: fileURLToPath(new URL('./worker-that-dies.ts', import.meta.url)) }),
    restarts: { pauseMs: () => 0 },
  }).catch(async (error: unknown) => {
    await rm(stateDir, { recursive: true, force: true });
    throw error;
  });

  const connection = await Connection.connect({ address: runtime.temporalAddress });
  const client = new Client({ connection });
  const id = healingId(repo, SUBJECT);
  const forge = createLocalForge(stateDir);
  const health = createLocalHealth(stateDir);
  const view = () => runtime.healings.view(id).catch(() => null);
  let good = '';
  let goodConfig = '';
  const soFar = async (what: string): Promise<string> => {
    const lines = (await view())?.timeline.map((line) => `${line.state}: ${line.text}`) ?? ['no healing'];
    return [`waited too long for: ${what}`, ...lines, ...events.slice(-10)].join('\n');
  };
  const isKnown = () =>
    client.workflow
      .getHandle(id)
      .describe()
      .then(
        () => true,
        () => false,
      );
  const until: DeployStory['until'] = async (what, read) => {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const value = await read();
      if (value !== null) return value;
      if (Date.now() > deadline) throw new Error(await soFar(what));
      await pause(100);
    }
  };
  const deployed = (deployment: string) =>
    until(`deployment ${deployment}`, async () => {
      const facts = await forge.deployments.get(repo, deployment);
      if (facts?.state === 'failure') throw new Error(`deployment ${deployment} failed: ${facts.detail ?? ''}`);
      return facts?.state === 'success' ? facts : null;
    });
  const text = async (sha: string) => Buffer.from((await forge.repositories.readFile(repo, sha, 'config.yaml')) ?? []).toString();
  const head = async () => (await forge.repositories.resolve(repo, 'main')) ?? '';

  return {
    stateDir,
    runtime,
    healingId: id,
    view,
    soFar,
    until,
    async breakIt() {
      good = await head();
      goodConfig = await text(good);
      const deployment = await requestDeployment(stateDir, repo, { sha: good, environment: 'production', actor: 'mara' });
      await deployed(deployment.id);
      await until('green checks', async () => {
        const [check] = await forge.checks.list(repo, good);
        return check?.status === 'completed' && check.conclusion === 'success' ? true : null;
      });
      const { sha } = await push(stateDir, repo, {
        branch: 'main',
        actor: 'peter',
        message: 'Accept scrypt only',
        files: { 'config.yaml': goodConfig.replace('scrypt, pbkdf2', 'scrypt') },
      });
      await deployed((await requestDeployment(stateDir, repo, { sha, environment: 'production', actor: 'mara' })).id);
    },
    async endsWell() {
      await until('the first signal', async () => ((await isKnown()) ? true : null));
      // Not asked how far it is: after a death each answer is a whole replay.
      const result = await Promise.race([client.workflow.getHandle(id).result(), pause(LIMIT_MS, null, { ref: false })]);
      if (result === null) throw new Error(await soFar('the end'));
      expect(result).toMatchObject({ outcome: { kind: 'healed', reason: 'verified' } });
      const open = await openRepository(stateDir, repo);
      const pulls = await readPulls(open);
      const now = await head();
      expect(pulls.map(({ state, mergeSha }) => ({ state, mergeSha }))).toEqual([{ state: 'merged', mergeSha: now }]);
      const branches = await forge.changes.ownBranches(repo);
      expect(branches.filter((branch) => branch.name !== pulls[0]?.headBranch)).toEqual([]);
      expect(await text(now)).toBe(goodConfig);
      const deployments = await readDeployments(open.folders);
      expect(deployments.map(({ actor, sha, state }) => ({ actor, fix: sha === now, state }))).toEqual([
        { actor: 'mara', fix: false, state: 'success' },
        { actor: 'mara', fix: false, state: 'success' },
        { actor: SUTURE_ACTOR, fix: true, state: 'success' },
      ]);
      expect(await health.read(service)).toMatchObject({ errors: 0, healthy: true });

      const key = loadSecrets(stateDir, process.env).get('audit-signing-key')[0]?.reveal() ?? '';
      const audit = await verifyAuditTrail(join(stateDir, 'audit'), createPublicKey(key));
      const keys: string[] = [];
      const actions: string[] = [];
      for await (const entry of readAuditTrail(join(stateDir, 'audit'))) {
        if (entry.healingId !== id) continue;
        keys.push(entry.key);
        actions.push(entry.action);
      }
      expect(audit).toMatchObject({ ok: true });
      // What the workflow told is numbered in each of its runs; what an activity told carries a name.
      const numbers = new Map<string, number[]>();
      for (const each of keys) {
        const [, run, number] = /^(.+)\/(\d+)$/.exec(each) ?? [];
        if (run !== undefined) numbers.set(run, [...(numbers.get(run) ?? []), Number(number)]);
      }
      expect(numbers.size).toBeGreaterThan(0);
      for (const run of numbers.values()) expect(run).toEqual(run.map((_, index) => index + 1));
      expect(new Set(keys).size).toBe(keys.length);
      const once = ['outcome', 'merged', 'deployment', 'verified', 'published'];
      expect(actions.filter((action) => once.includes(action)).sort()).toEqual(once.sort());
    },
    async activityTypes() {
      const types = new Set<string>();
      for (const workflow of [id, coordinatorId(repo)]) {
        const { events: history } = await client.workflow.getHandle(workflow).fetchHistory();
        for (const event of history ?? []) {
          const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
          if (typeof name === 'string') types.add(name);
        }
      }
      return types;
    },
    async close() {
      await connection.close();
      await runtime.stop();
      const left = await processesNaming(stateDir);
      const swept = await createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' }).sweep();
      await rm(stateDir, { recursive: true, force: true });
      expect(left).toEqual([]);
      expect(swept).toBe(0);
    },
  };
}

function unhurriedTest(milliseconds: number): string {
  return `import time
import unittest


class UnhurriedTest(unittest.TestCase):
    def test_takes_its_time(self):
        time.sleep(${milliseconds / 1_000})
`;
}

/** Command lines of the processes whose arguments or environment name a folder, but for this one. */
async function processesNaming(folder: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const read = (pid: string, file: string) => readFile(join('/proc', pid, file), 'utf8').catch(() => '');
  const found = await Promise.all(
    pids.map(async (pid) => {
      const line = await read(pid, 'cmdline');
      return `${line}\0${await read(pid, 'environ')}`.includes(folder) ? [line.replaceAll('\0', ' ')] : [];
    }),
  );
  return found.flat();
}

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/domain/failure.ts';
import {
  changeSettings,
  closePullRequest,
  mergePullRequest,
  openPullRequest,
  push,
  reportCheck,
  requestDeployment,
} from '../../../src/integrations/local/admin.ts';
import { createLocalAlertSource } from '../../../src/integrations/local/alert-source.ts';
import { createCheck, markPending, readCheck } from '../../../src/integrations/local/checks.ts';
import { readLive, urlOf } from '../../../src/integrations/local/deployments.ts';
import type { ForgeEvent } from '../../../src/integrations/local/event.schema.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { createLocalHealth } from '../../../src/integrations/local/health.ts';
import { repoFolders } from '../../../src/integrations/local/paths.ts';
import type { CheckRecord } from '../../../src/integrations/local/records.schema.ts';
import { createLocalForgeService, type LocalForgeService, type LocalForgeServiceOptions } from '../../../src/integrations/local/service.ts';
import { isRunning } from '../../../src/lib/process-identity.ts';
import { DEFAULT_LIMITS } from '../../../src/sandbox/contract.ts';
import { fakeSandbox, makeFolder, SHOP, serveShop } from './support.ts';

const SECRET = 'secret of the forge';
const URL = 'http://127.0.0.1:9/hooks/local';
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A service that answers `/health`, and fails as many of ten logins as `a.txt` says. */
const SERVER = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const bad = Number(readFileSync('a.txt', 'utf8'));
if (Number.isNaN(bad)) { console.error('a.txt is not a number'); process.exit(3); }
createServer((request, response) => {
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    const failed = request.url === '/login' && JSON.parse(body).user < bad;
    response.writeHead(failed ? 500 : 200).end(String(process.pid));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** A reader for the one-line policy files of these tests. */
const readChecks: LocalForgeServiceOptions['readChecks'] = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => ({ name: line.split('=')[0] ?? '', run: line.split('=')[1] ?? '', timeoutSeconds: 60 }));

describe('the service of the local forge', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let stateDir: string;
  let head: string;
  let running: LocalForgeService[];
  let sent: Array<{ readonly event: ForgeEvent; readonly body: string; readonly headers: Readonly<Record<string, string>> }>;
  const sandbox = fakeSandbox((step, files) =>
    files.get('a.txt')?.startsWith('bad') === true ? { exitCode: 1, output: `${step.run}: it broke\n` } : { output: 'fine\n' },
  );

  const service = (change: Partial<LocalForgeServiceOptions> = {}): LocalForgeService => {
    const made = createLocalForgeService({
      stateDir,
      sandbox,
      limits: DEFAULT_LIMITS,
      readChecks,
      hook: { url: URL, secret: SECRET },
      deliver: (_url, body, headers) => {
        sent.push({ event: JSON.parse(body) as ForgeEvent, body, headers });
        return Promise.resolve({ status: 202 });
      },
      log: quiet,
      pollMs: 60_000,
      ...change,
    });
    running.push(made);
    return made;
  };
  const started = async (change: Partial<LocalForgeServiceOptions> = {}): Promise<LocalForgeService> => {
    const made = service(change);
    await made.start();
    await made.idle();
    return made;
  };
  const events = (name: ForgeEvent['event']): string[] => sent.filter(({ event }) => event.event === name).map(({ event }) => event.action);
  const folders = () => repoFolders(stateDir, SHOP);

  beforeEach(async () => {
    folder = await makeFolder();
    stateDir = folder.path;
    running = [];
    sent = [];
    head = await serveShop(
      stateDir,
      { 'a.txt': '0', 'server.mjs': SERVER, '.github/suture.yml': 'test=npm test\n' },
      {
        requiredChecks: ['test'],
        maintainers: ['ada'],
        environments: {
          production: {
            start: ['node', 'server.mjs'],
            port: 0,
            healthPath: '/health',
            startTimeoutMs: 10_000,
            probe: { method: 'POST', path: '/login', bodiesFile: 'bodies.json', headers: {} },
          },
        },
      },
    );
    await writeFile(join(folders().root, 'bodies.json'), JSON.stringify(Array.from({ length: 10 }, (_, user) => ({ user }))));
  });
  afterEach(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await folder.dispose();
  });

  describe('checks', () => {
    it('runs the checks of every new head and keeps their logs', async () => {
      const forge = createLocalForge(stateDir);
      const made = await started();
      const { sha } = await push(stateDir, SHOP, { branch: 'feature', files: { 'a.txt': 'bad' }, message: 'break', actor: 'ada' });
      await made.idle();
      expect(await forge.checks.list(SHOP, head)).toEqual([{ name: 'test', status: 'completed', conclusion: 'success', required: true }]);
      expect(await forge.checks.list(SHOP, sha)).toMatchObject([{ conclusion: 'failure' }]);
      expect(Buffer.from((await forge.checks.log(SHOP, sha, 'test')) ?? []).toString('utf8')).toBe(
        '$ npm test\nnpm test: it broke\n[exit 1 after 1 ms]\n',
      );
    });
    it('takes the checks from the default branch, whatever another branch says', async () => {
      const made = await started();
      const { sha } = await push(stateDir, SHOP, {
        branch: 'feature',
        files: { '.github/suture.yml': 'test=true\n' },
        message: 'cheat',
        actor: 'mallory',
      });
      await made.idle();
      expect((await readCheck(folders(), sha, 'test'))?.job?.run).toBe('npm test');
    });
    it('runs a check again whose runner is gone', async () => {
      const left: CheckRecord = {
        name: 'test',
        sha: head,
        status: 'running',
        conclusion: null,
        job: { run: 'npm test', setup: null, timeoutSeconds: 60 },
        runner: { pid: 4_194_303, started: 'long ago' },
        queuedAt: '2026-11-23T12:00:00.000Z',
        completedAt: null,
        isolation: null,
      };
      await createCheck(folders(), left);
      await markPending(folders(), left);
      await started();
      expect(await readCheck(folders(), head, 'test')).toMatchObject({ status: 'completed', conclusion: 'success' });
    });
    it('queues a check again that is broken off by a stop', async () => {
      let begun: (() => void) | undefined;
      const began = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const made = service({
        sandbox: fakeSandbox((_step, _files, signal) => {
          begun?.();
          return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
        }),
      });
      await made.start();
      await began;
      await made.stop();
      expect(await readCheck(folders(), head, 'test')).toMatchObject({ status: 'queued', runner: null });
    });
    it('records a check as cancelled, with the reason, when the sandbox is not available', async () => {
      await started({ sandbox: { ...sandbox, run: () => Promise.reject(new Failure('sandbox-unavailable', 'install bubblewrap')) } });
      expect(await readCheck(folders(), head, 'test')).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
      expect(Buffer.from((await createLocalForge(stateDir).checks.log(SHOP, head, 'test')) ?? []).toString('utf8')).toContain(
        'install bubblewrap',
      );
    });
    it('refuses a second service for the same folder', async () => {
      await started();
      await expect(service().start()).rejects.toMatchObject({ code: 'configuration-invalid' });
    });
  });

  describe('events', () => {
    it('are signed and accepted by the alert source', async () => {
      const made = await started();
      await push(stateDir, SHOP, { branch: 'feature', files: { 'a.txt': 'bad' }, message: 'break', actor: 'ada' });
      const { number } = await openPullRequest(stateDir, SHOP, { title: 'Break', body: '', headBranch: 'feature', author: 'ada' });
      await made.idle();
      const source = createLocalAlertSource([SECRET]);
      const failed = sent.find(({ event }) => event.event === 'check_completed' && event.check.conclusion === 'failure');
      const request = { headers: failed?.headers ?? {}, body: Buffer.from(failed?.body ?? ''), receivedAt: new Date() };
      expect(source.verify(request)).toEqual({ ok: true });
      expect(source.parse(request)).toMatchObject({
        signals: [{ kind: 'check-failed', subject: `pr/${number}`, actor: { id: 'ada', trust: 'maintainer' } }],
      });
      expect(failed?.headers).toMatchObject({ 'x-suture-event': 'check_completed', 'x-suture-delivery': failed?.event.delivery });
    });
    it('tell of each change once', async () => {
      const made = await started();
      await push(stateDir, SHOP, { branch: 'feature', files: { 'a.txt': '1' }, message: 'change', actor: 'ada' });
      const { number } = await openPullRequest(stateDir, SHOP, { title: 'Change', body: '', headBranch: 'feature', author: 'ada' });
      await made.idle();
      await push(stateDir, SHOP, { branch: 'feature', files: { 'a.txt': '2' }, message: 'more', actor: 'ada' });
      await made.idle();
      await mergePullRequest(stateDir, SHOP, number, { actor: 'ada', bypass: false });
      await made.idle();
      await made.scan();
      expect(events('pull_request')).toEqual(['opened', 'synchronize', 'merged']);
      expect(new Set(sent.map(({ event }) => event.delivery)).size).toBe(sent.length);
    });
    it('tell who closed a pull request', async () => {
      const made = await started();
      await push(stateDir, SHOP, { branch: 'feature', files: { 'a.txt': '1' }, message: 'change', actor: 'ada' });
      const { number } = await openPullRequest(stateDir, SHOP, { title: 'Change', body: '', headBranch: 'feature', author: 'eve' });
      await made.idle();
      await closePullRequest(stateDir, SHOP, number, { actor: 'eve' });
      await made.idle();
      expect(sent.at(-1)?.event).toMatchObject({ action: 'closed', actor: { id: 'eve', trust: 'outsider' } });
    });
    it('make nobody more than an outsider by a pull request from another repository', async () => {
      const made = await started();
      await push(stateDir, SHOP, { branch: 'feature', files: { 'a.txt': 'bad' }, message: 'break', actor: 'ada' });
      await openPullRequest(stateDir, SHOP, { title: 'Break', body: '', headBranch: 'feature', author: 'ada', fromFork: true });
      await made.idle();
      expect(
        sent.map(({ event }) => event).find((event) => event.event === 'check_completed' && event.check.conclusion === 'failure'),
      ).toMatchObject({ actor: { trust: 'outsider' } });
    });
    it('tell of a result that another system reports', async () => {
      const made = await started();
      await reportCheck(stateDir, SHOP, { sha: head, name: 'external', conclusion: 'failure' });
      await made.idle();
      expect(sent.at(-1)?.event).toMatchObject({
        event: 'check_completed',
        check: { name: 'external', conclusion: 'failure' },
        branches: ['main'],
      });
    });
    it('stay in the outbox over a restart until they are accepted', async () => {
      const outbox = join(stateDir, 'forge', '.service', 'outbox');
      const away = await started({ deliver: () => Promise.reject(new Error('nobody listens')) });
      await away.stop();
      const kept = readdirSync(outbox).length;
      expect(kept).toBeGreaterThan(0);
      const refusing = await started({ deliver: () => Promise.resolve({ status: 503 }) });
      await refusing.stop();
      expect(readdirSync(outbox)).toHaveLength(kept);
      const made = await started();
      for (let tries = 0; tries < 100 && readdirSync(outbox).length > 0; tries += 1) {
        await pause(50);
        await made.scan();
      }
      expect(sent).toHaveLength(kept);
    });
  });

  describe('deployments', () => {
    const deploy = async (made: LocalForgeService, sha: string) => {
      const { id } = await requestDeployment(stateDir, SHOP, { sha, environment: 'production', actor: 'ada' });
      await made.idle();
      return createLocalForge(stateDir).deployments.get(SHOP, id);
    };
    const live = () => readLive(folders(), 'production');
    const pidAt = async (url: string): Promise<string> =>
      (await fetch(url, { signal: AbortSignal.timeout(5_000), headers: { connection: 'close' } })).text();

    it('starts the release as a process and measures it', async () => {
      const made = await started();
      expect(await deploy(made, head)).toMatchObject({ state: 'success', sha: head });
      const health = createLocalHealth(stateDir);
      expect(await health.read({ repo: SHOP, service: 'shop', environment: 'production' })).toMatchObject({
        requests: 10,
        errors: 0,
        errorRate: 0,
        healthy: true,
      });
      const { sha } = await push(stateDir, SHOP, { branch: 'main', files: { 'a.txt': '3' }, message: 'worse', actor: 'ada' });
      await deploy(made, sha);
      expect(await health.read({ repo: SHOP, service: 'shop', environment: 'production' })).toMatchObject({
        requests: 10,
        errors: 3,
        errorRate: 0.3,
        healthy: true,
      });
    });
    it('keeps one address while releases change and ends the old one', async () => {
      const made = await started();
      await deploy(made, head);
      const before = await live();
      const { sha } = await push(stateDir, SHOP, { branch: 'main', files: { 'a.txt': '1' }, message: 'next', actor: 'ada' });
      await deploy(made, sha);
      const after = await live();
      expect(before === null || after === null ? null : urlOf(after)).toBe(before === null ? 'none' : urlOf(before));
      expect(before === null ? true : isRunning(before.process)).toBe(false);
      expect(after === null ? '' : await pidAt(`${urlOf(after)}/`)).toBe(String(after?.process.pid));
    });
    it('keeps the old release live when the new one does not get healthy', async () => {
      const made = await started();
      await deploy(made, head);
      const before = await live();
      const { sha } = await push(stateDir, SHOP, { branch: 'main', files: { 'a.txt': 'not a number' }, message: 'broken', actor: 'ada' });
      const failed = await deploy(made, sha);
      expect(failed).toMatchObject({ state: 'failure', detail: expect.stringContaining('a.txt is not a number') });
      expect(await live()).toEqual(before);
      expect(before === null ? '' : await pidAt(`${urlOf(before)}/`)).toBe(String(before?.process.pid));
      expect(events('deployment_status')).toEqual(['success', 'failure']);
    });
    it('refuses a release with a link that leaves its folder', async () => {
      const made = await started();
      const { sha } = await push(stateDir, SHOP, {
        branch: 'main',
        files: { out: { link: '../../../../etc/passwd' } },
        message: 'link',
        actor: 'ada',
      });
      expect(await deploy(made, sha)).toMatchObject({ state: 'failure', detail: expect.stringContaining('link that leaves its folder') });
    });
    it('ends production with the service and brings it back at the same address', async () => {
      const made = await started();
      await deploy(made, head);
      const before = await live();
      await made.stop();
      expect(before === null ? true : isRunning(before.process)).toBe(false);
      await started();
      const after = await live();
      expect(after?.front).toBe(before?.front);
      expect(after === null ? '' : await pidAt(`${urlOf(after)}/`)).toBe(String(after?.process.pid));
    });
    it('cannot measure what was never deployed', async () => {
      await expect(createLocalHealth(stateDir).read({ repo: SHOP, service: 'shop', environment: 'production' })).rejects.toMatchObject({
        code: 'health-unavailable',
      });
    });
    it('reads production as failing when nobody answers', async () => {
      const made = await started();
      await deploy(made, head);
      await made.stop();
      expect(await createLocalHealth(stateDir).read({ repo: SHOP, service: 'shop', environment: 'production' })).toMatchObject({
        errors: 10,
        errorRate: 1,
        healthy: false,
      });
    });
    it('refuses an environment that is not configured', async () => {
      await expect(requestDeployment(stateDir, SHOP, { sha: head, environment: 'staging', actor: 'ada' })).rejects.toMatchObject({
        code: 'configuration-invalid',
      });
      await changeSettings(stateDir, SHOP, { environments: {} });
      await expect(
        createLocalForge(stateDir).deployments.create(SHOP, { sha: head, environment: 'production', key: 'k' }),
      ).rejects.toMatchObject({ code: 'configuration-invalid' });
      expect(existsSync(folders().deployments)).toBe(false);
    });
  });
});

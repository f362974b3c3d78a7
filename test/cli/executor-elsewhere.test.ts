import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { push } from '../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { readAuditTrail } from '../../src/store/read-audit-trail.ts';
import { onSharedServer, type Running, serveRepository, shopFiles, start, stateFolderOf, suture } from './support.ts';

/** A service whose worker has its jobs run by an Executor over HTTP: here the one that its own ingress serves, by another process. */
const mark = `e${process.pid}`;
const repo = { owner: mark, name: 'shop' };
const id = `heal/${mark}/shop/branch/main`;
const TOKEN = 'token-of-the-worker-at-the-executor';

let stateDir: string;
let origin: string;
let service: Running;

beforeAll(async () => {
  const port = await freePort();
  stateDir = stateFolderOf({
    ...onSharedServer(),
    autonomyCeiling: 'merge',
    timings: { gatherMs: 100, checkPollMs: 500, cooldownMs: 500 },
    ingress: {
      port,
      people: [{ id: 'worker', agent: true, trust: 'maintainer', tokenSha256: createHash('sha256').update(TOKEN).digest('hex') }],
    },
    agents: { serve: ['executor'], executor: { url: `http://127.0.0.1:${port}/mcp/executor` } },
  });
  origin = await serveRepository(stateDir, repo, shopFiles());
  service = start(stateDir, ['start'], { SUTURE_SECRET_EXECUTOR_TOKEN: TOKEN });
  await service.says('Suture serves');
}, 90_000);

afterAll(async () => {
  service.child.kill('SIGINT');
  await service.ended;
  for (const folder of [stateDir, origin]) rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('a worker with its sandbox at an executor elsewhere', { timeout: 120_000 }, () => {
  it('heals as with its own, and every job is run there', async () => {
    const forge = createLocalForge(stateDir);
    const green = async () => (await forge.checks.list(repo, (await forge.repositories.resolve(repo, 'main')) ?? ''))[0]?.conclusion;
    await expect.poll(green, { timeout: 30_000, interval: 100 }).toBe('success');
    await push(stateDir, repo, { branch: 'main', files: { 'config.txt': 'mode=bad\n' }, message: 'x', actor: 'mara' });
    let outcome: unknown;
    for (let tried = 0; tried < 200 && outcome === undefined; tried += 1) {
      await delay(300);
      const ended = await suture(stateDir, ['status', id, '--json']);
      outcome = ended.code === 0 ? (JSON.parse(ended.stdout) as { readonly outcome?: object }).outcome : undefined;
    }
    expect(outcome).toMatchObject({ kind: 'healed' });
    const entries: Array<{ readonly action: string; readonly actor: string; readonly facts: object }> = [];
    for await (const entry of readAuditTrail(join(stateDir, 'audit'))) entries.push(entry);
    const ran = entries.filter(({ action }) => action === 'command-run');
    const calls = entries.filter(({ action }) => action === 'agent-call');
    expect(ran.length).toBeGreaterThanOrEqual(5);
    expect(calls.length).toBeGreaterThanOrEqual(ran.length);
    expect(new Set(calls.map(({ actor, facts }) => `${actor} ${JSON.stringify(facts)}`))).toEqual(
      new Set([`worker ${JSON.stringify({ agent: 'executor', result: 'done', tool: 'run_sandbox_job' })}`]),
    );
  });

  it('the doctor finds the executor, and says where it looked for one that is not there', async () => {
    const env = { SUTURE_SECRET_EXECUTOR_TOKEN: TOKEN };
    const { code, stdout } = await suture(stateDir, ['doctor'], env);
    expect(stdout).toMatch(/^ok .*executor elsewhere +answers/m);
    expect(code).toBe(0);
    const stranger = await suture(stateDir, ['doctor'], { SUTURE_SECRET_EXECUTOR_TOKEN: 'the-token-of-nobody-here' });
    expect(stranger.stdout).toMatch(/^NO .*executor elsewhere .*does not let us in/m);
    expect(stranger.code).toBe(6);
  });
});

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { push } from '../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { processesOf, type Running, serveRepository, shopFiles, start, stateFolderOf, suture } from './support.ts';

/** The whole service as `npm start` runs it, with commands beside it; its tests tell one story, in order. */
const mark = `o${process.pid}`;
const repo = { owner: mark, name: 'shop' };
const id = `heal/${mark}/shop/branch/main`;
let stateDir: string;
let service: Running;
const origins: string[] = [];

const FILES = shopFiles('protectedPaths:\n  - config.txt\n');

async function serve(): Promise<Running> {
  const running = start(stateDir, ['start']);
  await running.says('Suture serves');
  return running;
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const ended = await suture(stateDir, [...args, '--json']);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as T;
}

interface View {
  readonly state: string;
  readonly approval?: object;
  readonly outcome?: { readonly kind: string };
}

async function until(what: string, ready: (view: View) => boolean): Promise<View> {
  for (let tried = 0; tried < 150; tried += 1) {
    const ended = await suture(stateDir, ['status', id, '--json']);
    const view = ended.code === 0 ? (JSON.parse(ended.stdout) as View) : null;
    if (view !== null && ready(view)) return view;
    await delay(300);
  }
  throw new Error(`${id} did not get to: ${what}`);
}

const serveShop = async (name: string) => void origins.push(await serveRepository(stateDir, { owner: mark, name }, FILES));

beforeAll(async () => {
  const timings = { gatherMs: 100, checkPollMs: 500, cooldownMs: 500, slotLeaseMs: 600_000 };
  // With a Temporal server of its own: its database is part of what survives.
  stateDir = stateFolderOf({ patrolEveryMs: 0, autonomyCeiling: 'merge', timings });
  await serveShop('shop');
  service = await serve();
}, 90_000);

afterAll(async () => {
  service.child.kill('SIGINT');
  await service.ended;
  for (const folder of [stateDir, ...origins]) rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('beside a running service', { timeout: 120_000 }, () => {
  it('the doctor finds everything in place', async () => {
    const { ok, findings } = await json<{ ok: boolean; findings: ReadonlyArray<{ name: string; ok: boolean }> }>('doctor');
    expect(findings.filter((finding) => !finding.ok)).toEqual([]);
    expect(ok).toBe(true);
  });

  it('a red main becomes a healing that waits for a person; status shows it', async () => {
    const forge = createLocalForge(stateDir);
    for (let tried = 0; ; tried += 1) {
      const head = (await forge.repositories.resolve(repo, 'main')) ?? '';
      if ((await forge.checks.list(repo, head))[0]?.conclusion === 'success') break;
      if (tried > 300) throw new Error('main never got green');
      await delay(100);
    }
    await push(stateDir, repo, { branch: 'main', files: { 'config.txt': 'mode=bad\n' }, message: 'x', actor: 'mara' });
    const view = await until('the wait for approval', (shown) => shown.approval !== undefined);
    expect(view.state).toBe('awaiting-approval');
    const listed = await json<ReadonlyArray<{ healingId: string; state: string }>>('status');
    expect(listed).toContainEqual(expect.objectContaining({ healingId: id }));
    const words = await suture(stateDir, ['status', id]);
    expect(words.stdout).toContain(`npm run approve -- ${id}`);
  });

  it('a healing survives that the service is stopped and started, with nothing left in between', async () => {
    service.child.kill('SIGINT');
    expect((await service.ended).code).toBe(0);
    expect(processesOf(stateDir)).toEqual([]);
    expect((await suture(stateDir, ['status'])).code).toBe(6);
    service = await serve();
    expect((await until('the wait for approval', (shown) => shown.approval !== undefined)).state).toBe('awaiting-approval');
  });

  it('a decision counts once, and who comes later learns why not', async () => {
    const stale = await suture(stateDir, ['approve', id, '--hash', 'f'.repeat(64), '--as', 'mara']);
    expect(stale.code).toBe(5);
    expect(stale.stdout).toContain('StaleApproval');
    expect((await suture(stateDir, ['approve', id, '--as', 'mara'])).code).toBe(0);
    expect((await until('an outcome', (shown) => shown.outcome !== undefined)).outcome?.kind).toBe('healed');
    expect((await suture(stateDir, ['reject', id])).code).toBe(7);
    expect((await suture(stateDir, ['cancel', 'heal/nobody/nothing/pr/1'])).code).toBe(7);
    expect((await suture(stateDir, ['status', 'heal/nobody/nothing/pr/1'])).code).toBe(7);
    const head = (await createLocalForge(stateDir).repositories.resolve(repo, 'main')) ?? '';
    expect(Buffer.from((await createLocalForge(stateDir).repositories.readFile(repo, head, 'config.txt')) ?? []).toString()).toBe(
      'mode=good\n',
    );
  });

  it('a paused repository grants nothing, and goes on when resumed', async () => {
    await serveShop('other');
    const other = { owner: mark, name: 'other' };
    expect((await suture(stateDir, ['pause', `${mark}/other`])).code).toBe(0);
    const forge = createLocalForge(stateDir);
    const head = (await forge.repositories.resolve(other, 'main')) ?? '';
    for (let tried = 0; tried < 300 && (await forge.checks.list(other, head))[0]?.conclusion !== 'success'; tried += 1) await delay(100);
    await push(stateDir, other, { branch: 'main', files: { 'config.txt': 'mode=bad\n' }, message: 'x', actor: 'mara' });
    const view = async () => {
      const ended = await suture(stateDir, ['status', `heal/${mark}/other/branch/main`, '--json']);
      return ended.code === 0 ? (JSON.parse(ended.stdout) as View) : null;
    };
    for (let tried = 0; tried < 150 && (await view())?.state !== 'waiting-for-slot'; tried += 1) await delay(200);
    expect((await view())?.state).toBe('waiting-for-slot');
    expect((await suture(stateDir, ['resume', `${mark}/other`])).code).toBe(0);
    for (let tried = 0; tried < 150 && (await view())?.approval === undefined; tried += 1) await delay(200);
    expect((await view())?.state).toBe('awaiting-approval');
    expect((await suture(stateDir, ['cancel', `heal/${mark}/other/branch/main`])).code).toBe(0);
  });

  it('500 deliveries of one subject at once, many of them repeated, are one healing', async () => {
    const { ingressUrl } = JSON.parse(readFileSync(join(stateDir, 'run', 'runtime.json'), 'utf8')) as { ingressUrl: string };
    const token = readFileSync(join(stateDir, 'secrets', 'manual-token'), 'utf8').trim();
    const send = async (number: number): Promise<number> => {
      const answer = await fetch(`${ingressUrl}/webhooks/manual`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          repository: `${mark}/other`,
          subject: 'manual/storm',
          summary: 'It broke',
          kind: 'check-failed',
          check: 'test',
          idempotencyKey: `storm-${number % 120}`,
        }),
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    // Who is told to come later comes later, as senders do; every one is taken in the end.
    const deliver = async (number: number): Promise<number> => {
      for (let tried = 0; ; tried += 1) {
        const status = await send(number);
        if ((status !== 503 && status !== 429) || tried === 30) return status;
        await delay(200);
      }
    };
    // Red and paused, it waits: one that is over before the last of them comes would rightly be followed by another.
    expect((await suture(stateDir, ['pause', `${mark}/other`])).code).toBe(0);
    const statuses = await Promise.all(Array.from({ length: 500 }, (_, number) => deliver(number)));
    expect(new Set(statuses)).toEqual(new Set([202]));
    const all = await json<ReadonlyArray<{ healingId: string; runId: string }>>('status', '--all');
    const storm = all.filter((one) => one.healingId === `heal/${mark}/other/manual/storm`);
    expect(new Set(storm.map((one) => one.runId)).size).toBe(1);
    expect((await suture(stateDir, ['resume', `${mark}/other`])).code).toBe(0);
  });

  it('the audit trail is whole', async () => {
    expect((await suture(stateDir, ['audit', 'verify'])).code).toBe(0);
    const shown = await suture(stateDir, ['audit', 'show', '--healing', id]);
    expect(shown.stdout).toContain('pull-request-merged');
  });
});

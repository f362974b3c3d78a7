import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { chainHash, encodeLine, genesisHash, splitLine } from '../../src/store/audit-line.ts';
import { createAuditTrail } from '../../src/store/audit-trail.ts';
import type { AuditTrail } from '../../src/store/contract.ts';
import { readAuditTrail } from '../../src/store/read-audit-trail.ts';
import { signCheckpoint } from '../../src/store/signed-note.ts';
import { verifyAuditTrail } from '../../src/store/verify-audit-trail.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const WRITER = fileURLToPath(new URL('./audit-writer.ts', import.meta.url));

function entry(at: number) {
  return { key: `step/${at}`, action: 'step', actor: 'suture', healingId: 'heal/acme/shop/branch/main', facts: { at } };
}

async function trailOf(count: number): Promise<{ readonly dir: string; readonly path: string; readonly trail: AuditTrail }> {
  const dir = temporaryFolder();
  const trail = createAuditTrail(dir, { signingKey: privateKey });
  for (let at = 1; at <= count; at += 1) {
    await trail.append(entry(at));
  }
  await trail.checkpoint();
  return { dir, path: join(dir, 'trail.jsonl'), trail };
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

function write(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** A folder with the key that writers of their own processes sign with. */
function folderWithKey(): string {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'audit.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return dir;
}

/** What somebody without the key can do: write entries anew with hashes that fit. */
function rechain(lines: readonly string[]): string[] {
  let previous = genesisHash('suture/audit');
  return lines.map((line) => {
    const bytes = splitLine(Buffer.from(line))?.entry ?? Buffer.alloc(0);
    previous = chainHash(previous, bytes);
    return encodeLine(previous, bytes).toString('utf8').trimEnd();
  });
}

describe('audit trail', () => {
  it('numbers entries from 1 and verifies', async () => {
    const { dir, trail } = await trailOf(5);
    expect(await trail.append(entry(6))).toBe(6);
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true, entries: 6, anchored: 5, checkpoints: 1 });
  });

  it('records a repeated activity once and answers with the first number', async () => {
    const { dir, trail } = await trailOf(3);
    expect(await trail.append({ ...entry(2), facts: { at: 99 } })).toBe(2);
    expect(await createAuditTrail(dir, { signingKey: privateKey }).append(entry(1))).toBe(1);
    expect(linesOf(join(dir, 'trail.jsonl'))).toHaveLength(3);
  });

  it('stores every line as JSON that common tools read', async () => {
    const { path } = await trailOf(2);
    expect(linesOf(path).map((line) => JSON.parse(line).entry.seq)).toEqual([1, 2]);
  });

  it('hands entries back in order', async () => {
    const { dir } = await trailOf(3);
    const keys: string[] = [];
    for await (const line of readAuditTrail(dir)) {
      keys.push(line.key);
    }
    expect(keys).toEqual(['step/1', 'step/2', 'step/3']);
  });

  it('keeps time from running backwards and says where the clock did', async () => {
    const dir = temporaryFolder();
    const clock = ['2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-03T00:00:00.000Z'];
    const trail = createAuditTrail(dir, { signingKey: privateKey, now: () => new Date(clock.shift() ?? '') });
    for (const at of [1, 2, 3]) {
      await trail.append(entry(at));
    }
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true, clockSteps: [2] });
  });

  it('signs a checkpoint by itself after enough entries', async () => {
    const dir = temporaryFolder();
    const trail = createAuditTrail(dir, { signingKey: privateKey, checkpointEvery: 4 });
    for (let at = 1; at <= 9; at += 1) {
      await trail.append(entry(at));
    }
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true, anchored: 8, checkpoints: 2 });
  });

  it('has no checkpoint while it is empty', async () => {
    const dir = temporaryFolder();
    expect(await createAuditTrail(dir, { signingKey: privateKey }).checkpoint()).toBeNull();
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true, entries: 0 });
  });

  it('refuses an entry that does not fit and keeps the others of the same moment', async () => {
    const dir = temporaryFolder();
    const trail = createAuditTrail(dir, { signingKey: privateKey });
    const results = await Promise.allSettled([trail.append(entry(1)), trail.append({ ...entry(2), key: '' }), trail.append(entry(3))]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true, entries: 2 });
  });
});

describe('the end of a long audit trail', () => {
  const options = { signingKey: privateKey, window: 4 };
  /** A trail of 40 entries with a checkpoint at its end; `window * 512` bytes are far less than it has. */
  async function long(): Promise<{ readonly dir: string; readonly path: string }> {
    const { dir, path } = await trailOf(40);
    return { dir, path };
  }

  it('is all that a new writer reads, and enough to record a repeat among the newest keys once', async () => {
    const { dir, path } = await long();
    const lines = linesOf(path);
    // Whoever reads the beginning stumbles over it.
    write(path, [(lines[0] ?? '').replace('"at":1', '"at":7'), ...lines.slice(1)]);
    const trail = createAuditTrail(dir, options);
    for (const at of [37, 38, 39, 40]) expect(await trail.append(entry(at))).toBe(at);
    expect(await trail.append(entry(41))).toBe(41);
    expect(linesOf(path)).toHaveLength(41);
    expect(await verifyAuditTrail(dir, publicKey, { window: 4 })).toMatchObject({ ok: false, seq: 1, code: 'edited' });
  });

  it('forgets older keys, and what is recorded anew then still verifies', async () => {
    const { dir } = await long();
    expect(await createAuditTrail(dir, options).append(entry(10))).toBe(41);
    expect(await verifyAuditTrail(dir, publicKey, { window: 4 })).toMatchObject({ ok: true, entries: 41 });
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 41, code: 'repeated-key' });
  });

  it('is not built on when it does not lead to what the newest checkpoint signed', async () => {
    const { dir, path } = await long();
    write(path, rechain(linesOf(path).map((line, at) => (at === 20 ? line.replace('"at":21', '"at":99') : line))));
    await expect(createAuditTrail(dir, options).append(entry(41))).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('signed over other entries'),
    });
  });

  it('is read from the beginning where no checkpoint vouches for it', async () => {
    const { dir, path } = await long();
    rmSync(join(dir, 'checkpoints'), { recursive: true });
    const lines = linesOf(path);
    write(path, [(lines[0] ?? '').replace('"at":1', '"at":7'), ...lines.slice(1)]);
    await expect(createAuditTrail(dir, options).append(entry(41))).rejects.toMatchObject({ message: expect.stringContaining('entry 1') });
  });
});

describe('tampering with the audit trail', () => {
  it('finds an edited entry', async () => {
    const { dir, path } = await trailOf(6);
    write(
      path,
      linesOf(path).map((line, at) => (at === 3 ? line.replace('"at":4', '"at":7') : line)),
    );
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 4, code: 'edited' });
  });

  it('finds an edited last entry', async () => {
    const { dir, path } = await trailOf(6);
    write(
      path,
      linesOf(path).map((line, at) => (at === 5 ? line.replace('"actor":"suture"', '"actor":"nobody"') : line)),
    );
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 6, code: 'edited' });
  });

  it('finds a removed entry', async () => {
    const { dir, path } = await trailOf(6);
    write(
      path,
      linesOf(path).filter((_, at) => at !== 2),
    );
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 3, code: 'removed' });
  });

  it('finds two entries that changed places', async () => {
    const { dir, path } = await trailOf(6);
    const lines = linesOf(path);
    [lines[1], lines[3]] = [lines[3] ?? '', lines[1] ?? ''];
    write(path, lines);
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 2, code: 'reordered' });
  });

  it('finds an inserted entry', async () => {
    const { dir, path } = await trailOf(6);
    const lines = linesOf(path);
    write(path, [...lines.slice(0, 3), lines[2] ?? '', ...lines.slice(3)]);
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 4, code: 'inserted' });
  });

  it('finds a cut-off end by the newest checkpoint', async () => {
    const { dir, path } = await trailOf(6);
    write(path, linesOf(path).slice(0, 4));
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 5, code: 'truncated' });
  });

  it('finds that the whole trail is gone', async () => {
    const { dir, path } = await trailOf(6);
    rmSync(path);
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 1, code: 'truncated' });
  });

  it('finds a trail that was rewritten with fitting hashes', async () => {
    const { dir, path } = await trailOf(6);
    write(path, rechain(linesOf(path).map((line, at) => (at === 3 ? line.replace('"at":4', '"at":7') : line))));
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 1, code: 'replaced' });
  });

  it('finds checkpoints that were signed with another key', async () => {
    const { dir, path } = await trailOf(6);
    const lines = rechain(linesOf(path).map((line, at) => (at === 3 ? line.replace('"at":4', '"at":7') : line)));
    write(path, lines);
    const [name = ''] = readdirSync(join(dir, 'checkpoints'));
    const hash = splitLine(Buffer.from(lines.at(-1) ?? ''))?.hash ?? '';
    writeFileSync(
      join(dir, 'checkpoints', name),
      signCheckpoint({ origin: 'suture/audit', size: 6, hash }, generateKeyPairSync('ed25519').privateKey),
    );
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, code: 'key-changed' });
  });

  it('finds a checkpoint whose text was changed', async () => {
    const { dir } = await trailOf(6);
    const [name = ''] = readdirSync(join(dir, 'checkpoints'));
    const note = readFileSync(join(dir, 'checkpoints', name), 'utf8');
    rmSync(join(dir, 'checkpoints', name));
    writeFileSync(join(dir, 'checkpoints', name.replace('6', '5')), note.replace('\n6\n', '\n5\n'));
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, code: 'checkpoint-changed' });
  });

  it('finds a rewriting by the holder of the key with a checkpoint that was copied elsewhere', async () => {
    const { dir, path, trail } = await trailOf(6);
    const copied = (await trail.checkpoint())?.note ?? '';
    rmSync(join(dir, 'checkpoints'), { recursive: true });
    write(path, linesOf(path).slice(0, 4));
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true });
    expect(await verifyAuditTrail(dir, publicKey, { anchors: [copied] })).toMatchObject({ ok: false, seq: 5, code: 'truncated' });
  });

  it('finds a clock that runs backwards', async () => {
    const { dir, path } = await trailOf(0);
    let previous = genesisHash('suture/audit');
    const forged = ['2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z'].map((at, index) => {
      const bytes = Buffer.from(JSON.stringify({ v: 1, seq: index + 1, at, key: `k${index}`, action: 'a', actor: 'b', facts: {} }));
      previous = chainHash(previous, bytes);
      return encodeLine(previous, bytes).toString('utf8').trimEnd();
    });
    write(path, forged);
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 2, code: 'clock-backwards' });
  });

  it('refuses to build on a trail that was changed', async () => {
    const { dir, path } = await trailOf(6);
    write(
      path,
      linesOf(path).map((line, at) => (at === 3 ? line.replace('"at":4', '"at":7') : line)),
    );
    await expect(createAuditTrail(dir, { signingKey: privateKey }).append(entry(7))).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('entry 4'),
    });
  });

  it('refuses to build on a trail that is shorter than its newest checkpoint', async () => {
    const { dir, path } = await trailOf(6);
    write(path, linesOf(path).slice(0, 4));
    await expect(createAuditTrail(dir, { signingKey: privateKey }).append(entry(7))).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
  });
});

describe('writers of the audit trail that die', () => {
  it('cuts off an unfinished last line, says so in the trail, and goes on', async () => {
    const { dir, path } = await trailOf(3);
    const whole = readFileSync(path);
    appendFileSync(path, (linesOf(path).at(-1) ?? '').slice(0, 70));
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: false, seq: 4, code: 'unfinished-line' });
    const repaired: number[] = [];
    const trail = createAuditTrail(dir, { signingKey: privateKey, onRepair: (bytes) => repaired.push(bytes) });
    expect(await trail.append(entry(4))).toBe(5);
    expect(repaired).toEqual([70]);
    expect(readFileSync(path).subarray(0, whole.length)).toEqual(whole);
    expect(JSON.parse(linesOf(path)[3] ?? '').entry).toMatchObject({ action: 'audit-trail-repaired', facts: { bytesCutOff: 70 } });
    expect(await verifyAuditTrail(dir, publicKey)).toMatchObject({ ok: true, entries: 5 });
  });

  it('notices what other processes appended, and a file that shrank under it', async () => {
    const { dir, path, trail } = await trailOf(3);
    await createAuditTrail(dir, { signingKey: privateKey }).append(entry(4));
    expect(await trail.append(entry(4))).toBe(4);
    truncateSync(path, 10);
    await expect(trail.append(entry(5))).rejects.toMatchObject({ code: 'configuration-invalid' });
  });

  it('gets over the lock of a process that is gone', async () => {
    const dir = temporaryFolder();
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 2 ** 22 - 3, started: 'long ago', token: 'abc' }));
    expect(await createAuditTrail(dir, { signingKey: privateKey }).append(entry(1))).toBe(1);
  });

  it('keeps every entry of four processes that append at once', { timeout: 60_000 }, async () => {
    const dir = folderWithKey();
    const children = ['a', 'b', 'c', 'd'].map((name) =>
      spawn(process.execPath, [WRITER, dir, name, '25'], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(await verifyAuditTrail(join(dir, 'audit'), publicKey)).toMatchObject({ ok: true, entries: 100 });
  });

  it('verifies after writers were killed in the middle of appending', { timeout: 60_000 }, async () => {
    const dir = folderWithKey();
    for (const name of ['a', 'b', 'c']) {
      const child = spawn(process.execPath, [WRITER, dir, name, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const path = join(dir, 'audit', 'trail.jsonl');
        await once(child.stdout, 'data');
        const before = sizeOf(path);
        const deadline = performance.now() + 20_000;
        while (sizeOf(path) < before + 1500 && performance.now() < deadline) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
    }
    await createAuditTrail(join(dir, 'audit'), { signingKey: privateKey }).append(entry(1));
    const verdict = await verifyAuditTrail(join(dir, 'audit'), publicKey);
    expect(verdict).toMatchObject({ ok: true });
    expect(verdict.entries).toBeGreaterThan(3);
  });
});

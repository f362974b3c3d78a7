import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createArtifactStore } from '../../src/store/artifact-store.ts';
import { createRecordStore } from '../../src/store/record-store.ts';
import { createRetention } from '../../src/store/retention.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DAY_MS = 24 * 3_600_000;

function place(stateDir: string, path: string): string {
  const file = join(stateDir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'x');
  return file;
}

function age(path: string, at: Date): void {
  utimesSync(path, at, at);
}

describe('retention of the state folder', () => {
  it('removes what was not written for so many days, and nothing younger', async () => {
    const stateDir = temporaryFolder();
    const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
    const records = createRecordStore(join(stateDir, 'records'));
    const ref = await artifacts.put('a log', 'text/plain');
    await records.putOnce('step', 'done');
    place(stateDir, 'hand-over/one/README.md');
    place(stateDir, 'notifications/one.json');
    place(stateDir, 'logs/worker.log.1');
    let now = Date.now() + 89 * DAY_MS;
    const retention = createRetention(stateDir, { days: 90, now: () => new Date(now) });
    expect(await retention.sweep()).toEqual({ removed: 0, done: true });
    expect(await records.get('step')).toBe('done');
    now += 2 * DAY_MS;
    expect(await retention.sweep()).toEqual({ removed: 5, done: true });
    await expect(artifacts.get(ref)).rejects.toMatchObject({ code: 'artifact-missing' });
    expect(await records.get('step')).toBeNull();
    for (const part of ['hand-over', 'notifications', 'logs']) expect(readdirSync(join(stateDir, part))).toEqual([]);
  });

  it('never touches the audit trail, secrets, repositories, budgets, or a log that may be open', async () => {
    const stateDir = temporaryFolder();
    const kept = [
      'audit/trail.jsonl',
      'audit/checkpoints/0000000000000100.txt',
      'secrets/manual-token',
      'forge/acme/shop.json',
      'budget/one.json',
      'logs/worker.log',
      'artifacts/note.txt',
      'config.yml',
    ].map((path) => place(stateDir, path));
    const retention = createRetention(stateDir, { days: 90, now: () => new Date(Date.now() + 4_000 * DAY_MS) });
    expect(await retention.sweep()).toEqual({ removed: 0, done: true });
    expect(kept.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('counts content that is put again as new', async () => {
    const stateDir = temporaryFolder();
    const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
    const ref = await artifacts.put('the same', 'text/plain');
    age(join(stateDir, 'artifacts', ref.sha256.slice(0, 2), ref.sha256.slice(2)), new Date(Date.now() - 100 * DAY_MS));
    await artifacts.put('the same', 'text/plain');
    expect(await createRetention(stateDir, { days: 90, now: () => new Date() }).sweep()).toEqual({ removed: 0, done: true });
    expect(Buffer.from(await artifacts.get(ref)).toString()).toBe('the same');
  });

  it('looks through everything once a day, and only a part at a time', async () => {
    const stateDir = temporaryFolder();
    for (const folder of ['aa', 'bb']) {
      for (let at = 0; at < 3; at += 1) place(stateDir, `records/${folder}/${at}`);
    }
    for (let at = 0; at < 2; at += 1) place(stateDir, `records/cc/${at}`);
    let now = 50_000 * DAY_MS;
    const retention = createRetention(stateDir, { days: 90, now: () => new Date(now), lookAtOnce: 5 });
    const first = await retention.sweep();
    const second = await retention.sweep();
    expect([first.done, second.done, first.removed + second.removed]).toEqual([false, true, 8]);
    place(stateDir, 'records/aa/late');
    expect(await retention.sweep()).toEqual({ removed: 0, done: true });
    now += DAY_MS;
    expect(await retention.sweep()).toEqual({ removed: 1, done: true });
  });
});

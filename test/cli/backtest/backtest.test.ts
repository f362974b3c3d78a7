import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { onSharedServer, repositoryOf, stateFolderOf, suture } from '../support.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Everything that a healing leaves: the forge, the trail, records, artifacts. What a run of the command line itself needs is left out. */
function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    for (const name of readdirSync(path).toSorted()) {
      if (['cache', 'run', 'logs', 'sandbox', 'secrets'].includes(name)) continue;
      const inside = join(path, name);
      if (statSync(inside).isDirectory()) walk(inside);
      else hash.update(`${inside}\n`).update(readFileSync(inside));
    }
  };
  walk(folder);
  return hash.digest('hex');
}

interface Result {
  readonly incidents: number;
  readonly now: Readonly<Record<string, number>>;
  readonly cases: ReadonlyArray<{
    readonly now: { readonly kind: string; readonly reason: string };
    readonly differences: readonly string[];
  }>;
}

describe('suture backtest', { timeout: 180_000 }, () => {
  it('tells a recorded healing again, with its policy and with another one, and writes nothing', async () => {
    const stateDir = stateFolderOf(onSharedServer());
    const folder = repositoryOf(
      { 'check.sh': '#!/bin/sh\ngrep -q "^mode=good$" config.ini\n', 'config.ini': 'mode=good\n' },
      { 'config.ini': 'mode=bad\n' },
    );
    folders.push(stateDir, folder);
    const healed = await suture(stateDir, ['heal', folder, '--json', '--', './check.sh']);
    expect(healed.code, healed.stderr).toBe(0);
    const before = fingerprint(stateDir);

    const same = await suture(stateDir, ['backtest', '--json']);
    expect(same.code, same.stderr).toBe(0);
    const first = JSON.parse(same.stdout) as Result;
    expect(first.now).toEqual({ healed: 1, escalated: 0, abstained: 0, wrong: 0 });
    expect(first.cases[0]).toMatchObject({ now: { kind: 'healed', reason: 'dry-run' }, differences: [] });

    const policy = join(stateDir, 'cache', 'strict.yml');
    writeFileSync(policy, 'version: 1\nautonomy: diagnose\n');
    const strict = await suture(stateDir, ['backtest', '--json', '--policy', policy]);
    expect(strict.code, strict.stderr).toBe(0);
    const second = JSON.parse(strict.stdout) as Result;
    expect(second.now).toMatchObject({ healed: 0, escalated: 1 });
    expect(second.cases[0]?.differences[0]).toBe('outcome healed -> escalated');
    expect(fingerprint(stateDir)).toBe(before);
  });

  it('says so where nothing was recorded', async () => {
    const stateDir = stateFolderOf(onSharedServer());
    folders.push(stateDir);
    const ended = await suture(stateDir, ['backtest']);
    expect(ended.code).toBe(7);
    expect(ended.stderr).toContain('no recorded incident fits');
  });
});

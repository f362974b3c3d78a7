import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Ended, git, onSharedServer, processesOf, repositoryOf, stateFolderOf, suture } from './support.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function kept(folder: string): string {
  folders.push(folder);
  return folder;
}

/** Every byte of a folder but git's objects and the refs of repairs: working tree, index, HEAD, branches, configuration. */
function fingerprint(folder: string): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).toSorted()) {
      const inside = path === '' ? name : `${path}/${name}`;
      if (inside === '.git/objects' || /^\.git\/(logs\/)?refs\/heads\/suture$/.test(inside)) continue;
      const facts = statSync(join(folder, inside));
      if (facts.isDirectory()) walk(inside);
      else hash.update(`${inside} ${facts.mode}\n`).update(readFileSync(join(folder, inside)));
    }
  };
  walk('');
  return hash.digest('hex');
}

const CHECK = '#!/bin/sh\ngrep -q "^mode=good$" config.ini\n';
const broken = (): string =>
  kept(
    repositoryOf(
      { 'check.sh': CHECK, 'config.ini': 'mode=good\n', 'app.py': 'x = 1\n' },
      { 'app.py': 'x = 2\n' },
      { 'config.ini': 'mode=bad\n' },
    ),
  );
const state = (): string => kept(stateFolderOf(onSharedServer()));
const heal = (folder: string, command: readonly string[], ...options: readonly string[]): Promise<Ended> =>
  suture(state(), ['heal', folder, ...options, '--json', '--', ...command]);

describe('suture heal', { timeout: 120_000 }, () => {
  it('heals a repository on disk, leaves a branch, and touches nothing of what its owner works on', async () => {
    const folder = broken();
    writeFileSync(join(folder, 'app.py'), 'x = 3  # half-done\n');
    writeFileSync(join(folder, 'notes.txt'), 'untracked\n');
    git(folder, 'add', 'app.py');
    const before = fingerprint(folder);
    const stateDir = state();
    const ended = await suture(stateDir, ['heal', folder, '--json', '--', './check.sh']);
    expect(ended.code, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout) as { healed: boolean; branch: string; outcome: { kind: string } };
    expect(result).toMatchObject({ healed: true, outcome: { kind: 'healed' } });
    expect(result.branch).toMatch(/^suture\//);
    expect(git(folder, 'show', `${result.branch}:config.ini`)).toBe('mode=good');
    expect(git(folder, 'show', `${result.branch}:app.py`)).toBe('x = 2');
    expect(fingerprint(folder)).toBe(before);
    expect(processesOf(stateDir)).toEqual([]);
  });

  it('writes nothing at all in a dry run', async () => {
    const folder = broken();
    const before = fingerprint(folder);
    const ended = await heal(folder, ['./check.sh'], '--dry-run');
    expect(ended.code, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: { kind: 'healed', reason: 'dry-run' } });
    expect(git(folder, 'branch', '--list', 'suture/*')).toBe('');
    expect(fingerprint(folder)).toBe(before);
  });

  it('says what it found where it cannot heal, with a code of its own', async () => {
    const folder = kept(repositoryOf({ 'app.py': 'x = 1\n' }));
    const ended = await heal(folder, ['false']);
    expect(ended.code, ended.stderr).toBe(3);
    const { outcome } = JSON.parse(ended.stdout) as { outcome: { kind: string; detail: string } };
    expect(outcome.kind).toBe('escalated');
    expect(outcome.detail.length).toBeGreaterThan(20);
  });

  it('finds nothing to heal where the command passes', async () => {
    const ended = await heal(broken(), ['true']);
    expect(ended.code, ended.stderr).toBe(4);
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: { kind: 'abstained' } });
  });

  it('takes no time limit that is none', async () => {
    const ended = await heal(broken(), ['true'], '--timeout', 'soon');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('a whole number from 1 to 600');
  });

  it('says at once that there is no such revision, and starts nothing', async () => {
    const folder = broken();
    const stateDir = state();
    const ended = await suture(stateDir, ['heal', folder, '--revision', 'no-such-branch', '--json', '--', './check.sh']);
    expect(ended.code, ended.stderr).toBe(7);
    expect(ended.stderr).toContain(`there is no branch or commit no-such-branch in ${folder}`);
    expect(existsSync(join(stateDir, 'logs'))).toBe(false);
  });

  it.each([
    ['a folder that is not there', () => join(tmpdir(), 'suture-not-there'), ['true'], 7, 'there is no folder'],
    ['a folder without git', () => kept(mkdtempSync(join(tmpdir(), 'suture-plain-'))), ['true'], 7, 'there is no git repository there'],
    ['a repository without a commit', () => kept(repositoryOf()), ['true'], 7, 'commit'],
    ['no command', broken, [], 2, 'suture heal <folder> -- <command>'],
  ])('refuses %s with one clear message', async (_what, folder, command, code, words) => {
    const ended = await heal(folder(), command);
    expect(ended.code, ended.stderr).toBe(code);
    expect(ended.stderr.trim().split('\n').at(-1)).toContain(words);
    expect(existsSync(join(tmpdir(), 'suture-not-there'))).toBe(false);
  });
});

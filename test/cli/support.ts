import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RepoRef } from '../../src/domain/names.schema.ts';
import { createRepository } from '../../src/integrations/local/admin.ts';
import { providedTemporal } from '../support/temporal.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it said on stderr so far. */
  said(): string;
  /** Waits until it says this on stderr. */
  says(text: string): Promise<void>;
}

/** A state folder with free ports for everything. `temporal`: settings instead of a server of its own. */
export function stateFolderOf(config: object = {}): string {
  const stateDir = mkdtempSync(join(tmpdir(), 'suture-cli-'));
  // The bundle of this run is the one that every worker would make.
  const { bundlePath } = providedTemporal();
  mkdirSync(join(stateDir, 'cache'));
  copyFileSync(bundlePath, join(stateDir, 'cache', basename(bundlePath)));
  writeFileSync(join(stateDir, 'config.yml'), JSON.stringify({ temporal: { port: 0, uiPort: 0 }, ingress: { port: 0 }, ...config }));
  return stateDir;
}

/** Configuration that puts a service on the Temporal server of the test run, with a queue of its own. */
export function onSharedServer(): { readonly temporal: object; readonly patrolEveryMs: number } {
  const { address, namespace } = providedTemporal();
  return { temporal: { address, namespace, taskQueue: `cli-${process.pid}-${Date.now()}` }, patrolEveryMs: 0 };
}

/** Starts `suture <args>` on a state folder, in a process group of its own, as a shell does. */
export function start(stateDir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      SUTURE_STATE_DIR: stateDir,
      SUTURE_TEMPORAL_EXECUTABLE: providedTemporal().executable,
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, stdout, stderr }));
  return {
    child,
    ended,
    said: () => stderr,
    async says(text) {
      while (!stderr.includes(text)) {
        if (child.exitCode !== null)
          throw new Error(`ended with ${child.exitCode} before it said ${JSON.stringify(text)}:\n${stderr}\n${stdout}`);
        await delay(30);
      }
    },
  };
}

/** Runs `suture <args>` to its end. */
export function suture(stateDir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return start(stateDir, args, env).ended;
}

/** A git repository with these files committed one set after another; gives its folder. */
export function repositoryOf(...commits: ReadonlyArray<Readonly<Record<string, string>>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'suture-repo-'));
  git(folder, 'init', '-q', '-b', 'main');
  for (const [number, files] of commits.entries()) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
    }
    git(folder, 'add', '-A');
    git(folder, 'commit', '-q', '-m', `change ${number}`);
  }
  return folder;
}

/** A repository whose one check wants a line of its configuration; `policy` is added to its policy file. */
export const shopFiles = (policy = ''): Readonly<Record<string, string>> => ({
  '.github/suture.yml': `version: 1
autonomy: merge
checks:
  - name: test
    run: ./check.sh
    timeoutSeconds: 30
config:
  - config.txt
${policy}`,
  'check.sh': '#!/bin/sh\ngrep -q "^mode=good$" config.txt\n',
  'config.txt': 'mode=good\n',
});

/** Puts a repository with these files into the local forge of a state folder, protected and with its check required; gives the folder that it came from. */
export async function serveRepository(stateDir: string, repo: RepoRef, files: Readonly<Record<string, string>>): Promise<string> {
  const origin = repositoryOf(files);
  await createRepository(stateDir, repo, {
    origin: { fromDirectory: origin, message: 'shop', actor: 'mara' },
    defaultBranch: 'main',
    settings: { protected: true, requiredChecks: ['test'], maintainers: ['mara'] },
  });
  return origin;
}

/** What git says in a folder. */
export function git(folder: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=dev', '-c', 'user.email=dev@example.com', '-c', 'commit.gpgSign=false'];
  return execFileSync('git', ['-C', folder, ...identity, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null' },
  }).trim();
}

/** Command lines of processes whose arguments or environment name a folder. */
export function processesOf(folder: string): readonly string[] {
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(join('/proc', pid, file), 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const line = read(pid, 'cmdline');
      return `${line}\0${read(pid, 'environ')}`.includes(folder) ? [line.replaceAll('\0', ' ').slice(0, 200)] : [];
    });
}

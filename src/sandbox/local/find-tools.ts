import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../../domain/failure.ts';

const run = promisify(execFile);

/** Programs of the host that a sandbox is made from, as absolute paths. */
export interface Tools {
  readonly bwrap: string;
  readonly bwrapVersion: string;
  readonly prlimit: string;
  readonly tar: string;
  readonly sh: string;
}

/** Oldest bubblewrap with `--disable-userns`. */
const OLDEST_BWRAP = [0, 8] as const;

/** Absolute path of an executable in a list of folders; null when there is none. */
export function findExecutable(name: string, searchPath: string): string | null {
  for (const folder of searchPath.split(delimiter)) {
    if (!isAbsolute(folder)) {
      continue;
    }
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) {
        return path;
      }
    } catch {
      // Not here: look on.
    }
  }
  return null;
}

function need(name: string, searchPath: string, wayOut: string): string {
  const path = findExecutable(name, searchPath);
  if (path === null) {
    throw new Failure('sandbox-unavailable', `${name} was not found; install it: ${wayOut}`);
  }
  return path;
}

/** Whether a bubblewrap version is new enough. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_BWRAP[0] || (major === OLDEST_BWRAP[0] && minor >= OLDEST_BWRAP[1]);
}

/** Finds every tool or throws `sandbox-unavailable` with the command that installs the missing one. */
export async function findTools(searchPath: string): Promise<Tools> {
  if (process.platform !== 'linux') {
    throw new Failure('sandbox-unavailable', `the local sandbox needs Linux, this is ${process.platform}; choose another sandbox backend`);
  }
  const bwrap = need('bwrap', searchPath, 'apt-get install bubblewrap');
  const prlimit = need('prlimit', searchPath, 'apt-get install util-linux');
  const tar = need('tar', searchPath, 'apt-get install tar');
  for (const name of ['cat', 'mkfifo', 'chmod', 'stat']) {
    need(name, searchPath, 'apt-get install coreutils');
  }
  const { stdout } = await run(bwrap, ['--version'], { env: {}, timeout: 10_000 }).catch((cause: unknown) => {
    throw new Failure('sandbox-unavailable', `${bwrap} --version failed; reinstall it: apt-get install --reinstall bubblewrap`, { cause });
  });
  const bwrapVersion = /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1] ?? '0.0';
  if (!isNewEnough(bwrapVersion)) {
    throw new Failure(
      'sandbox-unavailable',
      `bubblewrap ${bwrapVersion} is too old, 0.8 is needed: apt-get install bubblewrap from a newer release`,
    );
  }
  const { stdout: tarVersion } = await run(tar, ['--version'], { env: {}, timeout: 10_000 }).catch(() => ({ stdout: '' }));
  if (!tarVersion.includes('GNU tar')) {
    throw new Failure('sandbox-unavailable', `${tar} is not GNU tar; install it: apt-get install tar`);
  }
  return { bwrap, bwrapVersion, prlimit: realpathSync(prlimit), tar, sh: realpathSync('/bin/sh') };
}

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../../domain/failure.ts';
import { findExecutable } from './find-tools.ts';

const run = promisify(execFile);

/** Something of the host that is mounted read-only, and the folder inside that goes on PATH. */
export interface Toolchain {
  readonly source: string;
  readonly target: string;
  readonly isFile: boolean;
  readonly path: string;
}

const ROOT = '/opt/toolchains';
const inUsr = (path: string): boolean => path === '/usr' || path.startsWith('/usr/');

/** The Node that runs us. Only a folder that looks like a Node installation is mounted whole: `~/bin/node` must not bring the home along. */
export function nodeToolchain(executable: string): Toolchain | null {
  const real = realpathSync(executable);
  if (inUsr(real)) {
    return null;
  }
  const prefix = dirname(dirname(real));
  if (basename(dirname(real)) === 'bin' && existsSync(join(prefix, 'include/node')) && existsSync(join(prefix, 'lib/node_modules'))) {
    return { source: prefix, target: `${ROOT}/node`, isFile: false, path: `${ROOT}/node/bin` };
  }
  return { source: real, target: `${ROOT}/node/bin/node`, isFile: true, path: `${ROOT}/node/bin` };
}

/** The Python that the service's PATH means, when it lives outside /usr; shims are resolved by asking it. */
export async function pythonToolchain(searchPath: string): Promise<Toolchain | null> {
  const python = findExecutable('python3', searchPath);
  if (python === null || inUsr(realpathSync(python))) {
    return null;
  }
  // A shim may need HOME to find its settings; this is the host's own program, not the job's.
  const environment = { PATH: searchPath, HOME: homeOf(python) };
  const asked = await run(python, ['-I', '-c', 'import sys; print(sys.base_prefix)'], { env: environment, timeout: 10_000 }).catch(
    () => null,
  );
  const prefix = asked?.stdout.trim() ?? '';
  if (!isAbsolute(prefix) || !existsSync(prefix)) {
    return null;
  }
  const real = realpathSync(prefix);
  const isInstallation = existsSync(join(real, 'bin/python3')) && existsSync(join(real, 'lib')) && !existsSync(join(real, '.ssh'));
  if (inUsr(real) || !isInstallation || !readdirSync(join(real, 'lib')).some((name) => name.startsWith('python3'))) {
    return null;
  }
  return { source: real, target: `${ROOT}/python`, isFile: false, path: `${ROOT}/python/bin` };
}

/** Home folder that a shim below `<home>/.pyenv` or the like belongs to. */
function homeOf(shim: string): string {
  const parts = shim.split('/');
  const hidden = parts.findIndex((part) => part.startsWith('.'));
  return hidden > 1 ? parts.slice(0, hidden).join('/') : '/nonexistent';
}

/**
 * Folders that the administrator named; throws `sandbox-unavailable` for one that is not there, or that jobs with a user of their own
 * (`forOthers`) may not read.
 */
export function configuredToolchains(folders: readonly string[], forOthers: boolean): Toolchain[] {
  const names = new Set(['node', 'python']);
  return folders.map((folder) => {
    if (!isAbsolute(folder) || !existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new Failure('sandbox-unavailable', `the toolchain folder ${folder} does not exist; correct sandbox.toolchains`);
    }
    const source = realpathSync(folder);
    if (forOthers && (statSync(source).mode & 0o005) !== 0o005) {
      throw new Failure(
        'sandbox-unavailable',
        `jobs run as a user of their own and may not read the toolchain folder ${folder}: chmod o+rx it`,
      );
    }
    const plain = basename(source).replaceAll(/[^A-Za-z0-9._-]/g, '_') || 'root';
    let name = plain;
    for (let count = 2; names.has(name); count += 1) {
      name = `${plain}-${count}`;
    }
    names.add(name);
    const target = `${ROOT}/${name}`;
    return { source, target, isFile: false, path: existsSync(join(source, 'bin')) ? `${target}/bin` : target };
  });
}

/** Whether a user that owns nothing here can reach a path: every folder above it must let everybody through. */
export function isReachable(path: string): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) {
      return false;
    }
    if (folder === '/') {
      return true;
    }
  }
}

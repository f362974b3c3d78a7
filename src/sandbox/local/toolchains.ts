import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { PROFILES } from '../contract.ts';

/** Something of the host that is mounted read-only, and the folder inside that goes on PATH. */
export interface Toolchain {
  /** Null for what is below /usr, which every sandbox sees. */
  readonly source: string | null;
  readonly target: string;
  readonly isFile: boolean;
  /** Null for files that no command is in. */
  readonly path: string | null;
}

/** Where toolchains are inside. */
export const TOOLCHAINS = '/opt/toolchains';

/**
 * Folders that the administrator named; throws `sandbox-unavailable` for one that is not there, or that jobs with a user of their own
 * (`forOthers`) may not read.
 */
export function configuredToolchains(folders: readonly string[], forOthers: boolean): Toolchain[] {
  const names = new Set<string>(PROFILES);
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
    const target = `${TOOLCHAINS}/${name}`;
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

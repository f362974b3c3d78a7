import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { hasCode } from '../lib/error-code.ts';

/** Makes a folder and what is above it. Node's own way never ends where a system says that the parent is missing although it is there, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await stat(folder)).isDirectory()) return;
    if (!hasCode(error, 'ENOENT') || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder).catch((again: unknown) => {
      if (!hasCode(again, 'EEXIST')) throw again;
    });
  }
}

/** Makes the state folder unless it is there. Throws `Failure` code `configuration-invalid` when this user cannot write it. */
export async function openStateFolder(stateDir: string): Promise<void> {
  try {
    await makeFolder(resolve(stateDir));
    await access(stateDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG')) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Failure(
      'configuration-invalid',
      `the state folder ${stateDir} cannot be written (${code}): give this user the right to write it, or set SUTURE_STATE_DIR to another folder`,
      { cause: error },
    );
  }
}

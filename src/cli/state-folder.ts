import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';
import { hasCode } from '../lib/error-code.ts';

/** Makes the state folder unless it is there. Throws `Failure` code `configuration-invalid` when this user cannot write it. */
export async function openStateFolder(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true });
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

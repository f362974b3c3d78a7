import { diskFull, inState, isDiskFull } from '../domain/disk-full.ts';
import { Failure } from '../domain/failure.ts';
import { hasCode } from '../lib/error-code.ts';
import { LockTimeout } from '../lib/file-lock.ts';

/** Runs file work of the store in this folder and gives expected errors of the disk their code. */
export async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(inState(folder), error);
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
      throw new Failure(
        'configuration-invalid',
        `${folder} cannot be written: give this user the right to write it, or set SUTURE_STATE_DIR to another folder`,
        { cause: error },
      );
    }
    if (error instanceof LockTimeout) {
      throw new Failure('conflict', error.message, { cause: error });
    }
    throw error;
  }
}

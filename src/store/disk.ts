import { Failure } from '../domain/failure.ts';
import { hasCode } from '../lib/error-code.ts';
import { LockTimeout } from '../lib/file-lock.ts';

/** Runs file work of the store and gives expected errors of the disk their code. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
      throw new Failure('disk-full', 'the disk of the state folder is full: free some space and try again', { cause: error });
    }
    if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
      throw new Failure(
        'configuration-invalid',
        'the state folder cannot be written: give this user the right to write it, or name another folder',
        { cause: error },
      );
    }
    if (error instanceof LockTimeout) {
      throw new Failure('conflict', error.message, { cause: error });
    }
    throw error;
  }
}

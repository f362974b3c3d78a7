import { Failure } from '../../domain/failure.ts';
import { LockTimeout, withFileLock } from '../../lib/file-lock.ts';

const waiting = new Map<string, Promise<void>>();

async function holding<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  try {
    return await withFileLock(path, work, timeoutMs);
  } catch (error) {
    if (error instanceof LockTimeout) {
      throw new Failure('conflict', error.message, { cause: error });
    }
    throw error;
  }
}

/**
 * Run `work` while this process alone holds the lock file, among all processes of this machine that share the folder. Within the process
 * the first to come is the first served, and nobody polls the file for what it holds itself. Not re-entrant. Throws `Failure` code `conflict`.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  const before = waiting.get(path) ?? Promise.resolve();
  const mine = before.then(() => holding(path, timeoutMs, work));
  const settled = mine.then(
    () => undefined,
    () => undefined,
  );
  waiting.set(path, settled);
  try {
    return await mine;
  } finally {
    if (waiting.get(path) === settled) {
      waiting.delete(path);
    }
  }
}

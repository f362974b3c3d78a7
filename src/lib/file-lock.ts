import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from './error-code.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

interface Owner extends ProcessIdentity {
  readonly token: string;
}

/** How long a breaker may take for two system calls before it counts as crashed between them. */
const BREAKER_MS = 10_000;

/** Somebody else held the lock for the whole time that we were ready to wait. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

function readOwner(path: string): Owner | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && 'pid' in value && 'started' in value && 'token' in value) {
      const { pid, started, token } = value;
      return typeof pid === 'number' && typeof started === 'string' && typeof token === 'string' ? { pid, started, token } : null;
    }
    return null;
  } catch {
    return null;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      throw error;
    }
  }
}

function tryAcquire(path: string, owner: Owner): boolean {
  const temporary = `${path}.${owner.token}`;
  try {
    writeFileSync(temporary, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
    // A link appears with its content or not at all, so nobody ever reads a half-written owner.
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  } finally {
    unlinkIfThere(temporary);
  }
}

function clearOldTombstone(tombstone: string): void {
  try {
    if (Date.now() - statSync(tombstone).ctimeMs > BREAKER_MS) {
      unlinkIfThere(tombstone);
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      throw error;
    }
  }
}

/** Removes the lock of a process that is gone. Whoever links the tombstone named after the dead owner, and only they, may remove it. */
function breakStale(path: string): void {
  const owner = readOwner(path);
  if (owner === null || isRunning(owner)) {
    return;
  }
  const tombstone = `${path}.dead-${owner.token.replace(/[^0-9a-f-]/g, '')}`;
  try {
    linkSync(path, tombstone);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      clearOldTombstone(tombstone);
      return;
    }
    if (hasCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  // The lock may have changed hands since it was read: only the dead owner's own file may go.
  if (readOwner(tombstone)?.token === owner.token) {
    unlinkIfThere(path);
  }
  unlinkIfThere(tombstone);
}

/** Run `work` while this process alone, of all processes of this machine that share the folder, holds the lock file. A holder that was killed loses it. Not re-entrant. Throws `LockTimeout`. */
export async function withFileLock<T>(path: string, work: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const owner: Owner = { ...ownIdentity(), token: randomUUID() };
  const deadline = performance.now() + timeoutMs;
  for (let wait = 1; !tryAcquire(path, owner); wait = Math.min(wait * 2, 25)) {
    breakStale(path);
    if (performance.now() > deadline) {
      throw new LockTimeout(`${path} is held by process ${readOwner(path)?.pid ?? 'unknown'} for too long: try again, or end that process`);
    }
    await pause(wait + Math.random() * wait);
  }
  try {
    return await work();
  } finally {
    if (readOwner(path)?.token === owner.token) {
      unlinkIfThere(path);
    }
  }
}

import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { hasCode } from './atomic-file.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

interface Owner extends ProcessIdentity {
  readonly token: string;
}

/** How long a breaker may take for two system calls before it counts as crashed between them. */
const BREAKER_MS = 10_000;

const waiting = new Map<string, Promise<void>>();

function readOwner(path: string): Owner | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && 'pid' in value && 'started' in value && 'token' in value) {
      const { pid, started, token } = value;
      if (typeof pid === 'number' && typeof started === 'string' && typeof token === 'string') {
        return { pid, started, token };
      }
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
  writeFileSync(temporary, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
  try {
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
      try {
        if (Date.now() - statSync(tombstone).ctimeMs > BREAKER_MS) {
          unlinkIfThere(tombstone);
        }
      } catch {
        // Somebody else finished breaking it in the meantime.
      }
      return;
    }
    if (hasCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  if (readOwner(tombstone)?.token === owner.token) {
    unlinkIfThere(path);
  }
  unlinkIfThere(tombstone);
}

async function holding<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const owner: Owner = { ...ownIdentity(), token: randomUUID() };
  const deadline = Date.now() + timeoutMs;
  for (let wait = 2; !tryAcquire(path, owner); wait = Math.min(wait * 2, 50)) {
    breakStale(path);
    if (Date.now() > deadline) {
      throw new Failure(
        'conflict',
        `${path} was held by process ${readOwner(path)?.pid ?? 'unknown'} for too long: try again, or end that process`,
      );
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

/** Run `work` while this process alone holds the lock file, among all processes of this machine that share the folder. Not re-entrant. */
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

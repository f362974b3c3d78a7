import { readFileSync } from 'node:fs';
import { Failure } from '../../domain/failure.ts';

/** A host user that a job runs as. */
export interface Identity {
  /** Null when the service itself is no root: the job then runs as the service's own user. */
  readonly uid: number | null;
  release(): void;
}

/** Uids above those that distributions, container engines and systemd hand out. */
const WANTED_FIRST = 2_000_000_000;
const PER_PROCESS = 64;
const PROCESS_SLOTS = 65_536;

/** First uid of this process's own range inside what the user namespace of the service maps; null when nothing suitable is mapped. */
export function firstUid(uidMap: string, pid: number): number | null {
  const extents = uidMap
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([first, , count]) => (first !== undefined && count !== undefined ? [{ first, end: first + count }] : []));
  const wanted = WANTED_FIRST + (pid % PROCESS_SLOTS) * PER_PROCESS;
  if (extents.some((extent) => extent.first <= wanted && wanted + PER_PROCESS <= extent.end)) {
    return wanted;
  }
  // Rootless containers map some 65,536 uids: use the upper end below `nobody`, far from service accounts.
  const small = extents.find((extent) => extent.first <= 60_000 && extent.end >= 65_000);
  return small === undefined ? null : 60_000 + (pid % 64) * PER_PROCESS;
}

/** Hands out host users: a fresh one for each running job under root, so that jobs cannot signal or count against each other. */
export function createIdentities(): { acquire(): Identity } {
  const isRoot = process.getuid?.() === 0;
  const taken = new Set<number>();
  return {
    acquire() {
      if (!isRoot) {
        return { uid: null, release: () => undefined };
      }
      let first: number | null = null;
      try {
        first = firstUid(readFileSync('/proc/self/uid_map', 'utf8'), process.pid);
      } catch (cause) {
        throw new Failure('sandbox-unavailable', 'cannot read /proc/self/uid_map, so no user to drop to is known; mount /proc', { cause });
      }
      if (first === null) {
        throw new Failure(
          'sandbox-unavailable',
          'running as root without an unprivileged user to drop to: run the service as a normal user, or map at least 65,536 uids',
        );
      }
      for (let uid = first; uid < first + PER_PROCESS; uid += 1) {
        if (!taken.has(uid)) {
          taken.add(uid);
          return { uid, release: () => taken.delete(uid) };
        }
      }
      throw new Failure('sandbox-unavailable', `${PER_PROCESS} sandboxes run already in this process; lower sandbox.concurrency`);
    },
  };
}

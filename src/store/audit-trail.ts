import { createPublicKey, type KeyObject } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { withFileLock } from '../lib/file-lock.ts';
import { stableJson } from '../lib/stable-json.ts';
import { catchUp, emptyIndex, KEY_WINDOW, learn } from './audit-index.ts';
import { AuditLine, chainHash, encodeLine } from './audit-line.ts';
import { indexNearEnd } from './audit-tail.ts';
import { keepCheckpoint, listCheckpoints, trailPath } from './checkpoint-folder.ts';
import type { AuditCheckpoint, AuditEntry, AuditTrail } from './contract.ts';
import { onDisk } from './disk.ts';
import { MAX_LINE_BYTES } from './read-lines.ts';
import { signCheckpoint } from './signed-note.ts';

/** Name of a trail when none is given: the first line of its checkpoints. */
export const DEFAULT_ORIGIN = 'suture/audit';

/** How a trail is kept. */
export interface AuditTrailOptions {
  /** Private Ed25519 key for checkpoints. */
  readonly signingKey: KeyObject;
  readonly origin?: string;
  /** Sign a checkpoint at least after so many entries; default 100. */
  readonly checkpointEvery?: number;
  /** So many of the newest keys are remembered at least; default 200,000. */
  readonly window?: number;
  readonly now?: () => Date;
  /** Told when the unfinished last line of a writer that was killed was cut off, with its length in bytes. */
  readonly onRepair?: (bytes: number) => void;
}

interface Pending {
  readonly entry: AuditEntry | null;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens the trail in `dir` for appending: `trail.jsonl` with its entries, `checkpoints/` beside it. Any number of processes may append; each may be killed at any moment. */
export function createAuditTrail(dir: string, options: AuditTrailOptions): AuditTrail {
  const path = trailPath(dir);
  const origin = options.origin ?? DEFAULT_ORIGIN;
  const every = options.checkpointEvery ?? 100;
  const now = options.now ?? (() => new Date());
  const window = options.window ?? KEY_WINDOW;
  const publicKey = createPublicKey(options.signingKey);
  let index = emptyIndex(origin, window);
  let anchored: number | null = null;
  let queue: Pending[] = [];
  let draining = false;

  const encode = (entry: AuditEntry): { readonly line: Buffer; readonly take: () => number } => {
    const clock = now().toISOString();
    const late = clock < index.lastAt;
    const stored = AuditLine.safeParse({
      v: 1,
      seq: index.size + 1,
      at: late ? index.lastAt : clock,
      ...(late ? { clock } : {}),
      key: entry.key,
      action: entry.action,
      actor: entry.actor,
      ...(entry.healingId === undefined ? {} : { healingId: entry.healingId }),
      ...(entry.repo === undefined ? {} : { repo: entry.repo }),
      facts: entry.facts,
    });
    if (!stored.success) {
      throw new Failure(
        'bug',
        `audit entry ${JSON.stringify(entry.key).slice(0, 200)} does not fit: ${stored.error.issues[0]?.message ?? 'unknown'}`,
      );
    }
    const bytes = Buffer.from(stableJson(stored.data));
    if (bytes.length > MAX_LINE_BYTES / 2) {
      throw new Failure(
        'bug',
        `audit entry ${JSON.stringify(entry.key).slice(0, 200)} has ${bytes.length} bytes: facts belong into an artifact`,
      );
    }
    const hash = chainHash(index.hash, bytes);
    const line = encodeLine(hash, bytes);
    return {
      line,
      take: () => {
        learn(index, stored.data, hash, line.length);
        return stored.data.seq;
      },
    };
  };

  const checkAnchor = async (): Promise<void> => {
    if (anchored !== null) {
      return;
    }
    const newest = (await listCheckpoints(dir)).at(-1);
    if (newest !== undefined && !(newest.size <= index.size)) {
      throw new Failure(
        'configuration-invalid',
        `audit trail ${path} has ${index.size} entries, but checkpoint ${newest.name} covers more; look with \`suture audit verify\`, then move the folder aside to start a new trail`,
      );
    }
    anchored = newest?.size ?? 0;
  };

  /** Under the lock: know everything that is in the file, and nothing of what is not. */
  const synchronize = async (file: FileHandle): Promise<Buffer> => {
    if (index.size === 0) {
      index = (await indexNearEnd(file, { dir, origin, publicKey, window })) ?? index;
    }
    const torn = await catchUp(index, file, path);
    await checkAnchor();
    if (torn === 0) {
      return Buffer.alloc(0);
    }
    await file.truncate(index.offset);
    options.onRepair?.(torn);
    const repair = encode({
      key: `audit/repaired/${index.size + 1}/${index.hash.toString('hex').slice(0, 16)}`,
      action: 'audit-trail-repaired',
      actor: 'suture',
      facts: { bytesCutOff: torn, afterEntry: index.size },
    });
    repair.take();
    return repair.line;
  };

  const sign = async (): Promise<AuditCheckpoint | null> => {
    const hash = index.hash.toString('hex');
    const { size } = index;
    if (size === 0) {
      return null;
    }
    const note = signCheckpoint({ origin, size, hash }, options.signingKey);
    await keepCheckpoint(dir, size, note);
    anchored = size;
    return { size, hash, note };
  };

  const write = async (file: FileHandle, batch: readonly Pending[]): Promise<ReadonlyArray<() => void>> => {
    const lines = [await synchronize(file)];
    const start = index.offset - (lines[0]?.length ?? 0);
    const settled: Array<() => void> = [];
    for (const { entry, resolve, reject } of batch) {
      const known = entry === null ? index.size : index.keys.get(entry.key);
      if (known !== undefined || entry === null) {
        settled.push(() => resolve(known ?? index.size));
        continue;
      }
      try {
        const { line, take } = encode(entry);
        lines.push(line);
        const seq = take();
        settled.push(() => resolve(seq));
      } catch (error) {
        settled.push(() => reject(error));
      }
    }
    const bytes = Buffer.concat(lines);
    if (bytes.length > 0) {
      try {
        await file.appendFile(bytes);
        await file.datasync();
      } catch (error) {
        // What is not durable was not said: forget it, and leave no half line behind.
        index = emptyIndex(origin, window);
        await file.truncate(start).catch(() => undefined);
        throw error;
      }
    }
    return settled;
  };

  const drain = async (): Promise<void> => {
    draining = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        const settled = await onDisk(dir, async () => {
          await mkdir(dir, { recursive: true, mode: 0o700 });
          return withFileLock(join(dir, 'lock'), async () => {
            const file = await open(path, 'a+', 0o600);
            try {
              const done = await write(file, batch);
              if (index.size - (anchored ?? 0) >= every) {
                await sign();
              }
              return done;
            } finally {
              await file.close();
            }
          });
        });
        for (const settle of settled) {
          settle();
        }
      } catch (error) {
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    draining = false;
  };

  const enqueue = (entry: AuditEntry | null): Promise<number> =>
    new Promise((resolve, reject) => {
      queue.push({ entry, resolve, reject });
      if (!draining) {
        void drain();
      }
    });

  return {
    append: (entry) => enqueue(entry),
    checkpoint: async () => {
      await enqueue(null);
      return onDisk(dir, sign);
    },
  };
}

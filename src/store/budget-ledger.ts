import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { writeAtomically } from '../lib/atomic-file.ts';
import { withFileLock } from '../lib/file-lock.ts';
import { type BudgetIndex, BudgetLine, emptyBudgetIndex, exceeded, learnBudget, summary } from './budget-index.ts';
import type { BudgetLedger } from './contract.ts';
import { onDisk } from './disk.ts';
import { readLines } from './read-lines.ts';

const DAY_MS = 24 * 3_600_000;
/** A healing that is older is not charged any more, and its days are over. */
const SCOPES_KEPT_MS = 40 * DAY_MS;
/** No activity is repeated later than that. */
const KEYS_KEPT_MS = 8 * DAY_MS;
/** Bytes from which on a file is written anew once it has doubled. */
const COMPACT_FROM = 4 * 1024 ** 2;

/** How a ledger is kept. */
export interface BudgetLedgerOptions {
  readonly now?: () => Date;
  /** Bytes from which on the file is summed up; default 4 MiB. */
  readonly compactFrom?: number;
  /** Told when the unfinished last line of a writer that was killed was cut off, with its length in bytes. */
  readonly onRepair?: (bytes: number) => void;
}

function encode(line: BudgetLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** What one process has read of the file. */
interface Known {
  readonly id: string;
  readonly index: BudgetIndex;
  offset: number;
}

const hashed = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 32);

/**
 * Keeps budgets in `dir`: `ledger.jsonl`, one line for every reservation over all its scopes and one when it is settled, so that a process
 * that is killed leaves both or neither. Any number of processes may use it.
 */
export function createBudgetLedger(dir: string, options: BudgetLedgerOptions = {}): BudgetLedger {
  const path = join(dir, 'ledger.jsonl');
  const now = options.now ?? (() => new Date());
  const compactFrom = options.compactFrom ?? COMPACT_FROM;
  let known: Known | null = null;
  let compactAt = compactFrom;
  let queue: Promise<unknown> = Promise.resolve();

  const damaged = (at: number): Failure =>
    new Failure(
      'configuration-invalid',
      `budget ledger ${path}: what stands at byte ${at} is not readable; restore it from a backup, or move the file aside to count from nothing`,
    );

  /** Under the lock: know everything that is in the file, and leave no half line in it. */
  const catchUp = async (file: FileHandle): Promise<Known> => {
    const { size } = await file.stat();
    const cutOff = async (from: number): Promise<void> => {
      await file.truncate(from);
      options.onRepair?.(size - from);
    };
    const head = await firstLine(file);
    if (head === null) {
      if (size > 0) await cutOff(0);
      const id = randomUUID();
      const text = encode({ t: 'ledger', v: 1, id });
      await file.appendFile(text);
      return { id, index: emptyBudgetIndex(), offset: Buffer.byteLength(text) };
    }
    const opened = parseLine(head);
    if (opened?.t !== 'ledger') throw damaged(0);
    const current =
      known?.id === opened.id && known.offset <= size ? known : { id: opened.id, index: emptyBudgetIndex(), offset: head.length + 1 };
    // Whoever fails half-way has learned something and not where it ended.
    known = null;
    for await (const line of readLines(file, current.offset)) {
      if (!line.terminated) {
        await cutOff(line.offset);
        break;
      }
      const parsed = parseLine(line.bytes);
      if (parsed === null || parsed.t === 'ledger') throw damaged(line.offset);
      learnBudget(current.index, parsed);
      current.offset = line.offset + line.bytes.length + 1;
    }
    return current;
  };

  /** Sums the file up when it has grown: days that are over and keys that nobody repeats go. */
  const compact = async (current: Known): Promise<void> => {
    if (current.offset < compactAt) return;
    const id = randomUUID();
    const since = (ms: number) => new Date(now().getTime() - ms).toISOString();
    const lines = [...summary(current.index, { scopes: since(SCOPES_KEPT_MS), keys: since(KEYS_KEPT_MS) })];
    const text = [{ t: 'ledger', v: 1, id } as const, ...lines].map(encode).join('');
    await writeAtomically(path, text);
    const index = emptyBudgetIndex();
    for (const line of lines) learnBudget(index, line);
    known = { id, index, offset: Buffer.byteLength(text) };
    compactAt = Math.max(compactFrom, known.offset * 2);
  };

  const locked = <T>(work: (index: BudgetIndex, write: (line: BudgetLine) => Promise<void>) => Promise<T>): Promise<T> => {
    const run = async (): Promise<T> => {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      return withFileLock(join(dir, 'lock'), async () => {
        const file = await open(path, 'a+', 0o600);
        try {
          const current = await catchUp(file);
          known = current;
          const done = await work(current.index, async (line) => {
            // What could not be read back must not be written.
            const text = encode(BudgetLine.parse(line));
            try {
              await file.appendFile(text);
              await file.datasync();
            } catch (error) {
              // What is not durable was not said: forget it, and leave no half line behind.
              known = null;
              await file.truncate(current.offset).catch(() => undefined);
              throw error;
            }
            learnBudget(current.index, line);
            current.offset += Buffer.byteLength(text);
          });
          await compact(current);
          return done;
        } finally {
          await file.close();
        }
      });
    };
    const result = queue.then(() => onDisk(dir, run));
    queue = result.catch(() => undefined);
    return result;
  };

  return {
    reserve: (key, claims) =>
      locked(async (index, write) => {
        const name = hashed(key);
        if (index.reservations.has(name)) return null;
        const over = exceeded(index, claims);
        if (over !== null) return over;
        await write({
          t: 'reserved',
          at: now().toISOString(),
          key: name,
          scopes: claims.map(({ scope }) => scope),
          amounts: claims.map(({ amounts }) => amounts),
        });
        return null;
      }),
    settle: (key, used) =>
      locked(async (index, write) => {
        const name = hashed(key);
        const reservation = index.reservations.get(name);
        if (reservation === undefined || reservation.settled) return;
        await write({ t: 'settled', at: now().toISOString(), key: name, used });
      }),
    used: (scope) => locked(async (index) => index.scopes.get(scope)?.used ?? {}),
  };
}

/** The first line without its end; null when there is no whole one. */
async function firstLine(file: FileHandle): Promise<Buffer | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
  return end === -1 ? null : buffer.subarray(0, end);
}

function parseLine(bytes: Buffer): BudgetLine | null {
  try {
    const parsed = BudgetLine.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createAtomically, writeAtomically } from './atomic-file.ts';
import { hasCode } from './error-code.ts';
import { withFileLock } from './file-lock.ts';
import { readTextIfThere } from './read-if-there.ts';

/** Messages that are tried again in one go, and the age beyond which one is no longer worth sending, in milliseconds. */
const CAUGHT_UP_AT_ONCE = 100;
const TOO_OLD_MS = 3 * 24 * 3_600_000;
/** What was sent is remembered for so long, and looked through for what may be forgotten once in so long, in milliseconds. */
const REMEMBER_MS = 60 * 24 * 3_600_000;
const FORGET_EVERY_MS = 24 * 3_600_000;

/** Messages to people: each goes out once per key, and what could not be delivered is kept until it can. */
export interface Outbox<Message> {
  /** Sends unless this key was sent already. What fails is kept if `keeps` says so, and thrown in any case. */
  deliver(key: string, message: Message): Promise<void>;
  /** Sends what was kept, oldest first; stops at the first that fails again. */
  catchUp(): Promise<{ readonly delivered: number; readonly waiting: number }>;
}

interface Kept {
  readonly key: string;
  readonly at: string;
  readonly message: unknown;
}

/** An outbox in a folder, shared by all processes of this machine. Between sending and remembering it a crash repeats one message: give it an id that the vendor knows again. */
export function createOutbox<Message>(
  folder: string,
  parts: {
    readonly parse: (value: unknown) => Message;
    readonly send: (message: Message, key: string) => Promise<void>;
    /** Whether a failure may pass. */
    readonly keeps: (error: unknown) => boolean;
    readonly now: () => number;
  },
): Outbox<Message> {
  const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex');
  const sentPath = (key: string): string => join(folder, 'sent', nameOf(key));
  const waitingPath = (key: string): string => join(folder, 'waiting', `${nameOf(key)}.json`);

  async function once(key: string, message: Message): Promise<void> {
    await withFileLock(join(folder, 'locks', nameOf(key)), async () => {
      if ((await readTextIfThere(sentPath(key))) === null) {
        await parts.send(message, key);
        await createAtomically(sentPath(key), '');
      }
      await rm(waitingPath(key), { force: true });
    });
  }

  async function namesIn(part: string): Promise<readonly string[]> {
    try {
      return await readdir(join(folder, part));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  let forgotten = Number.NEGATIVE_INFINITY;
  /** Nobody repeats a message after months; without an end the folder would grow for ever. */
  async function forget(): Promise<void> {
    if (parts.now() - forgotten < FORGET_EVERY_MS) return;
    forgotten = parts.now();
    for (const name of await namesIn('sent')) {
      const path = join(folder, 'sent', name);
      const sent = (await stat(path).catch(() => null))?.mtimeMs;
      if (sent !== undefined && forgotten - sent > REMEMBER_MS) await rm(path, { force: true });
    }
  }

  async function waiting(): Promise<readonly Kept[]> {
    const kept: Kept[] = [];
    for (const name of (await namesIn('waiting')).filter((each) => /^[0-9a-f]{64}\.json$/.test(each))) {
      const text = await readTextIfThere(join(folder, 'waiting', name));
      try {
        if (text !== null) kept.push(JSON.parse(text) as Kept);
      } catch {
        // A damaged one would be in the way for ever.
        await rm(join(folder, 'waiting', name), { force: true });
      }
    }
    return kept.sort((one, other) => one.at.localeCompare(other.at));
  }

  return {
    async deliver(key, message) {
      try {
        await once(key, message);
      } catch (error) {
        if (parts.keeps(error)) {
          await mkdir(join(folder, 'waiting'), { recursive: true, mode: 0o700 });
          const kept: Kept = { key, at: new Date(parts.now()).toISOString(), message };
          await writeAtomically(waitingPath(key), JSON.stringify(kept));
        } else await rm(waitingPath(key), { force: true });
        throw error;
      }
    },
    async catchUp() {
      await forget();
      const kept = await waiting();
      let delivered = 0;
      let dropped = 0;
      for (const { key, at, message } of kept.slice(0, CAUGHT_UP_AT_ONCE)) {
        if (!(parts.now() - Date.parse(at) < TOO_OLD_MS)) {
          await rm(waitingPath(key), { force: true });
          dropped += 1;
          continue;
        }
        try {
          await once(key, parts.parse(message));
          delivered += 1;
        } catch (error) {
          if (parts.keeps(error)) break;
          await rm(waitingPath(key), { force: true });
          dropped += 1;
        }
      }
      return { delivered, waiting: kept.length - delivered - dropped };
    },
  };
}

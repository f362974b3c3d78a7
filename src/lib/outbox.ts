import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
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
/** So many recipients in one go who cannot be reached, and nobody who can: that is an outage. */
const OUTAGE = 5;
/** How often a message may fail while others get through, before it is set aside. */
const MAX_TRIES = 5;

/** Messages to people: each goes out once per key, and what could not be delivered is kept until it can. */
export interface Outbox<Message> {
  /** Sends unless this key was sent already. What fails is kept if `keeps` says so, and thrown in any case. */
  deliver(key: string, message: Message): Promise<void>;
  /**
   * Sends what was kept, oldest first. Behind one that fails, the others of its recipient wait for it; an outage stops the walk. What is refused for good, again and again
   * while others get through, or became too old, is given up on; what was refused then lies in `refused/`.
   */
  catchUp(): Promise<{ readonly delivered: number; readonly waiting: number; readonly givenUp?: number }>;
}

interface Kept {
  readonly key: string;
  readonly at: string;
  readonly message: unknown;
  /** How often it failed while others got through. */
  readonly tries?: number;
}

/** An outbox in a folder, shared by all processes of this machine. Between sending and remembering it a crash repeats one message: give it an id that the vendor knows again. */
export function createOutbox<Message>(
  folder: string,
  parts: {
    readonly parse: (value: unknown) => Message;
    readonly send: (message: Message, key: string) => Promise<void>;
    /** Whether a failure may pass. */
    readonly keeps: (error: unknown) => boolean;
    /** Messages of the same recipient keep their order. */
    readonly recipient: (message: Message, key: string) => string;
    readonly now: () => number;
  },
): Outbox<Message> {
  interface Letter {
    readonly kept: Kept;
    readonly message: Message;
    readonly recipient: string;
  }
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

  let stuck: ReadonlySet<string> = new Set();
  let forgotten = Number.NEGATIVE_INFINITY;
  /** Nobody repeats a message after months; without an end the folder would grow for ever. */
  async function forget(): Promise<void> {
    if (parts.now() - forgotten < FORGET_EVERY_MS) return;
    forgotten = parts.now();
    for (const part of ['sent', 'refused']) {
      for (const name of await namesIn(part)) {
        const path = join(folder, part, name);
        const written = (await stat(path).catch(() => null))?.mtimeMs;
        if (written !== undefined && forgotten - written > REMEMBER_MS) await rm(path, { force: true });
      }
    }
  }

  /** Null: another version kept it, or somebody changed it; nobody can send it. */
  function read(kept: Kept): Letter | null {
    try {
      const message = parts.parse(kept.message);
      return { kept, message, recipient: parts.recipient(message, kept.key) };
    } catch {
      return null;
    }
  }

  async function setAside(key: string): Promise<void> {
    await mkdir(join(folder, 'refused'), { recursive: true, mode: 0o700 });
    try {
      await rename(waitingPath(key), join(folder, 'refused', `${nameOf(key)}.json`));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
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
      let givenUp = 0;
      let tried = 0;
      const failed = new Map<string, Kept>();
      const letters: Letter[] = [];
      for (const each of kept) {
        const letter = read(each);
        if (letter !== null && parts.now() - Date.parse(each.at) < TOO_OLD_MS) letters.push(letter);
        else {
          await rm(waitingPath(each.key), { force: true });
          givenUp += 1;
        }
      }
      // Who could not be reached the last time comes last, or a few of them would be in the way of everybody.
      const isStuck = ({ recipient }: Letter): boolean => stuck.has(recipient);
      for (const { kept: each, message, recipient } of [...letters.filter((letter) => !isStuck(letter)), ...letters.filter(isStuck)]) {
        if (tried >= CAUGHT_UP_AT_ONCE || (delivered === 0 && failed.size >= OUTAGE)) break;
        if (failed.has(recipient)) continue;
        tried += 1;
        try {
          await once(each.key, message);
          delivered += 1;
        } catch (error) {
          if (parts.keeps(error)) failed.set(recipient, each);
          else {
            await setAside(each.key);
            givenUp += 1;
          }
        }
      }
      stuck = new Set(failed.keys());
      // Somebody was reached, so it is not the vendor who is away.
      for (const each of delivered > 0 ? failed.values() : []) {
        const tries = (each.tries ?? 0) + 1;
        await writeAtomically(waitingPath(each.key), JSON.stringify({ ...each, tries }));
        if (tries < MAX_TRIES) continue;
        await setAside(each.key);
        givenUp += 1;
      }
      return { delivered, waiting: kept.length - delivered - givenUp, ...(givenUp > 0 ? { givenUp } : {}) };
    },
  };
}

import { createHmac, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../domain/failure.ts';
import { hasCode } from '../lib/error-code.ts';
import { sameSecret } from '../lib/same-secret.ts';

/** Files on their way to and from jobs that run elsewhere: each is fetched and handed back by who holds a ticket for it, for a while. */
export interface Exchange {
  /** Lays out the input of a job, unless it is there, and gives the ticket for its two files, good until `expires` (milliseconds since 1970). */
  offer(id: string, input: () => Promise<Readable>, expires: number): Promise<string>;
  /** What was handed back, as a stream; null while nothing was. */
  collect(id: string): Promise<Readable | null>;
  /** Takes both files away. */
  remove(id: string): Promise<void>;
  /** Takes away what is older than a day, whoever left it; returns how many files. */
  sweep(): Promise<number>;
  /** For who serves the files: the input, or null when the ticket is not good for it. */
  fetch(id: string, ticket: string, now: number): Promise<Readable | null>;
  /** For who serves the files: takes a result in, once. `refused` for a bad ticket, `there` when one was handed in before. Throws `too-large`. */
  handIn(id: string, ticket: string, result: Readable, now: number): Promise<'taken' | 'there' | 'refused'>;
}

/** Largest result, in bytes: outputs of steps, artifacts, and the files of a workspace. */
const MAX_RESULT = 2 * 1024 ** 3;
const DAY_MS = 24 * 3_600_000;
const ID = /^[0-9a-f]{24,64}$/;

/** An exchange in a folder; tickets are signed with `key`, so nobody has to remember them. */
export function createExchange(folder: string, key: string): Exchange {
  const fileOf = (id: string, what: 'in' | 'out'): string => {
    if (!ID.test(id)) throw new Failure('bug', 'the id of an exchange is no hash');
    return join(folder, `${id}.${what}`);
  };
  const sign = (id: string, expires: number): string => createHmac('sha256', key).update(`${id}.${expires}`).digest('hex');
  const isGood = (id: string, ticket: string, now: number): boolean => {
    const match = /^(\d{10,16})\.([0-9a-f]{64})$/.exec(ticket);
    const expires = Number(match?.[1] ?? 0);
    return ID.test(id) && match !== null && expires > now && sameSecret(match[2] ?? '', sign(id, expires));
  };
  /** Writes a whole file or none; false when it is there already. */
  const place = async (content: Readable, file: string, most: number): Promise<boolean> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const partial = join(folder, `.${process.pid}.${randomBytes(6).toString('hex')}`);
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        bytes += chunk.length;
        next(bytes > most ? new Failure('too-large', `more than ${most} bytes`) : null, chunk);
      },
    });
    try {
      await pipeline(content, measure, createWriteStream(partial, { mode: 0o600 }));
      await link(partial, file);
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await rm(partial, { force: true });
    }
  };
  return {
    async offer(id, input, expires) {
      const file = fileOf(id, 'in');
      if ((await stat(file).catch(() => null)) === null) await place(await input(), file, Number.POSITIVE_INFINITY);
      return `${expires}.${sign(id, expires)}`;
    },
    async collect(id) {
      const file = fileOf(id, 'out');
      return (await stat(file).catch(() => null)) === null ? null : createReadStream(file);
    },
    async remove(id) {
      for (const what of ['in', 'out'] as const) await rm(fileOf(id, what), { force: true });
    },
    async sweep() {
      const names = await readdir(folder).catch(() => []);
      let count = 0;
      for (const name of names) {
        const file = join(folder, name);
        const facts = await stat(file).catch(() => null);
        if (facts === null || Date.now() - facts.mtimeMs < DAY_MS) continue;
        await rm(file, { force: true });
        count += 1;
      }
      return count;
    },
    async fetch(id, ticket, now) {
      if (!isGood(id, ticket, now)) return null;
      const file = fileOf(id, 'in');
      return (await stat(file).catch(() => null)) === null ? null : createReadStream(file);
    },
    async handIn(id, ticket, result, now) {
      if (!isGood(id, ticket, now) || (await stat(fileOf(id, 'in')).catch(() => null)) === null) return 'refused';
      return (await place(result, fileOf(id, 'out'), MAX_RESULT)) ? 'taken' : 'there';
    },
  };
}

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { Failure } from '../domain/failure.ts';

/** Installed dependencies by what decided them. */
export interface DependencyCache {
  /** How to read what was kept under a key; null when there is nothing, or it is damaged. */
  find(key: string): Promise<(() => Promise<Readable>) | null>;
  /** Keeps a tar under a key, unless something is there. Throws `too-large` beyond the size of one. */
  keep(key: string, tar: Readable): Promise<void>;
}

/** What was kept is not what it was; it is forgotten, so installing again helps. */
export class DamagedDependencies extends Failure {}

/** Sizes in bytes. */
export interface CacheLimits {
  /** One tar, before compression. */
  readonly one: number;
  /** All of them together; the ones used least lately go first. */
  readonly all: number;
}

const LIMITS: CacheLimits = { one: 2 * 1024 ** 3, all: 10 * 1024 ** 3 };
const KEY = /^[0-9a-f]{64}$/;
const Entry = z.object({ sha256: z.string().regex(KEY), bytes: z.number() });

/**
 * A cache in a folder of the service's: `<key>.json` names the content by its hash, `<sha256>.tar.gz` is it. No sandbox ever sees the
 * folder: jobs get copies, checked against their hash while they are read, so no job can change what another one gets.
 */
export function createDependencyCache(folder: string, limits: CacheLimits = LIMITS): DependencyCache {
  const entryOf = (key: string): string => {
    if (!KEY.test(key)) throw new Failure('bug', 'a dependency key is no hash');
    return join(folder, `${key}.json`);
  };
  const contentOf = (sha256: string): string => join(folder, `${sha256}.tar.gz`);

  /** Reads what was kept; damage is known at the end at the latest, and what is damaged is forgotten before anybody is told. */
  async function* read(key: string, { sha256 }: z.infer<typeof Entry>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    const look = new Transform({
      transform(chunk, _encoding, next) {
        hash.update(chunk);
        next(null, chunk);
      },
    });
    try {
      const unpacked = createGunzip();
      const moved = pipeline(createReadStream(contentOf(sha256)), look, unpacked);
      moved.catch(() => undefined);
      for await (const chunk of unpacked) yield chunk as Buffer;
      await moved;
      if (hash.digest('hex') !== sha256) throw new Error('its hash is another one');
    } catch (cause) {
      await Promise.all([entryOf(key), contentOf(sha256)].map((file) => rm(file, { force: true })));
      throw new DamagedDependencies('sandbox-unavailable', 'installed dependencies were damaged on disk', { cause });
    }
  }

  async function makeRoom(): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.tar.gz'));
    const all = await Promise.all(names.map(async (name) => ({ name, facts: await stat(join(folder, name)).catch(() => null) })));
    const there = all.flatMap(({ name, facts }) => (facts === null ? [] : [{ name, bytes: facts.size, used: facts.mtimeMs }]));
    let total = there.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of there.sort((a, b) => a.used - b.used)) {
      if (total <= limits.all) return;
      await rm(join(folder, name), { force: true });
      total -= bytes;
    }
  }

  return {
    async find(key) {
      const text = await readFile(entryOf(key), 'utf8').catch(() => null);
      const entry = text === null ? null : Entry.safeParse(JSON.parse(text)).data;
      if (entry === undefined || entry === null) return null;
      const file = contentOf(entry.sha256);
      if ((await stat(file).catch(() => null))?.size !== entry.bytes) {
        await rm(entryOf(key), { force: true });
        return null;
      }
      await utimes(file, new Date(), new Date()).catch(() => undefined);
      return () => Promise.resolve(Readable.from(read(key, entry), { objectMode: false }));
    },
    async keep(key, tar) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const partial = join(folder, `.${process.pid}.${randomBytes(6).toString('hex')}`);
      const hash = createHash('sha256');
      let bytes = 0;
      let taken = 0;
      const measure = new Transform({
        transform(chunk: Buffer, _encoding, next) {
          taken += chunk.length;
          next(taken > limits.one ? new Failure('too-large', `the dependencies are larger than ${limits.one} bytes`) : null, chunk);
        },
      });
      const name = new Transform({
        transform(chunk: Buffer, _encoding, next) {
          hash.update(chunk);
          bytes += chunk.length;
          next(null, chunk);
        },
      });
      try {
        await pipeline(tar, measure, createGzip({ level: 1 }), name, createWriteStream(partial, { mode: 0o600 }));
        // Even a tar without files has its end.
        if (taken === 0) throw new Failure('sandbox-unavailable', 'the sandbox handed back nothing of what it installed');
        const sha256 = hash.digest('hex');
        await rename(partial, contentOf(sha256));
        await writeFile(`${partial}.json`, JSON.stringify({ sha256, bytes }), { mode: 0o600 });
        await rename(`${partial}.json`, entryOf(key));
      } finally {
        await rm(partial, { force: true });
      }
      await makeRoom();
    },
  };
}

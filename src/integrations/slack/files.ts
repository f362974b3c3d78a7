import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeAtomically } from '../../lib/atomic-file.ts';
import { hasCode } from '../../lib/error-code.ts';
import { readTextIfThere } from '../../lib/read-if-there.ts';

/** A folder of small JSON files by name, each whole or not there. */
export interface JsonFolder<T> {
  /** Null when there is none, or when it cannot be read: everything here can be found again at Slack. */
  get(name: string): Promise<T | null>;
  put(name: string, value: T): Promise<void>;
  remove(name: string): Promise<void>;
  /** Names, the oldest file first. */
  names(): Promise<readonly string[]>;
  /** Forget what was not written for so many milliseconds. */
  prune(olderThanMs: number, now: number): Promise<void>;
}

async function listed(folder: string): Promise<ReadonlyArray<{ readonly name: string; readonly at: number }>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const found = await Promise.all(
    names
      .filter((name) => /^[a-z-]*[0-9a-f]{32}\.json$/.test(name))
      .map(async (name) => ({
        name: name.slice(0, -'.json'.length),
        at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? null,
      })),
  );
  return found
    .flatMap(({ name, at }) => (at === null ? [] : [{ name, at }]))
    .sort((one, other) => one.at - other.at || (one.name < other.name ? -1 : 1));
}

/** Opens a folder; it is made on first use. */
export function jsonFolder<T>(folder: string, schema: z.ZodType<T>): JsonFolder<T> {
  const path = (name: string): string => join(folder, `${name}.json`);
  return {
    async get(name) {
      const text = await readTextIfThere(path(name));
      if (text === null) return null;
      try {
        return schema.safeParse(JSON.parse(text)).data ?? null;
      } catch {
        return null;
      }
    },
    put: (name, value) => writeAtomically(path(name), `${JSON.stringify(value)}\n`),
    remove: (name) => rm(path(name), { force: true }),
    names: async () => (await listed(folder)).map(({ name }) => name),
    async prune(olderThanMs, now) {
      for (const { name, at } of await listed(folder)) if (now - at > olderThanMs) await rm(path(name), { force: true });
    },
  };
}

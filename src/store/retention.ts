import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../lib/error-code.ts';
import type { Retention } from './contract.ts';
import { onDisk } from './disk.ts';

const DAY_MS = 24 * 3_600_000;
/** A step ends with the folder in which it has looked at so many entries; a round through all folders begins at most once a day. */
const LOOKED_AT_ONCE = 50_000;
/** Folders that keep their files in folders of two digits, and folders with all in one place. */
const BY_HASH = ['artifacts', 'records'];
const FLAT = ['hand-over', 'notifications'];

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Takes away what nobody has written for `days` in the parts of a state folder that only grow; every other folder there is left alone. */
export function createRetention(
  stateDir: string,
  options: { readonly days: number; readonly now: () => Date; readonly lookAtOnce?: number },
): Retention {
  const { days, now, lookAtOnce = LOOKED_AT_ONCE } = options;
  let ahead: Array<{ readonly folder: string; readonly which: RegExp }> = [];
  let nextRound = Number.NEGATIVE_INFINITY;

  async function begin(at: number): Promise<void> {
    nextRound = at + DAY_MS;
    const hashed: string[] = [];
    for (const part of BY_HASH) {
      for (const name of await namesIn(join(stateDir, part))) if (/^[0-9a-f]{2}$/.test(name)) hashed.push(join(stateDir, part, name));
    }
    const all = [...hashed, ...FLAT.map((part) => join(stateDir, part))].map((folder) => ({ folder, which: /./ }));
    // A log without a number may be open, however quiet it is.
    all.push({ folder: join(stateDir, 'logs'), which: /\.log\.\d+$/ });
    // A worker that is restarted often begins elsewhere every day, so that no folder is never reached.
    const start = Math.floor(at / DAY_MS) % all.length;
    ahead = [...all.slice(start), ...all.slice(0, start)];
  }

  return {
    sweep: () =>
      onDisk(stateDir, async () => {
        const at = now().getTime();
        if (ahead.length === 0 && at >= nextRound) await begin(at);
        let looked = 0;
        let removed = 0;
        while (looked < lookAtOnce) {
          const place = ahead.shift();
          if (place === undefined) break;
          for (const name of await namesIn(place.folder)) {
            if (!place.which.test(name)) continue;
            looked += 1;
            const path = join(place.folder, name);
            const written = (await lstat(path).catch(() => null))?.mtimeMs;
            if (written === undefined || at - written <= days * DAY_MS) continue;
            await rm(path, { recursive: true, force: true });
            removed += 1;
          }
        }
        return { removed, done: ahead.length === 0 };
      }),
  };
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAtomically } from '../lib/atomic-file.ts';
import { hasCode } from '../lib/error-code.ts';

/** Path of the entries of a trail. */
export function trailPath(dir: string): string {
  return join(dir, 'trail.jsonl');
}

function folder(dir: string): string {
  return join(dir, 'checkpoints');
}

/** Keeps a checkpoint as a file of its own, named by the number of entries, beside the trail. One that exists stays. */
export async function keepCheckpoint(dir: string, size: number, note: string): Promise<void> {
  await createAtomically(join(folder(dir), `${String(size).padStart(16, '0')}.txt`), note);
}

/** Checkpoints by the number of entries in their names, smallest first. */
export async function listCheckpoints(dir: string): Promise<ReadonlyArray<{ readonly name: string; readonly size: number }>> {
  let names: readonly string[];
  try {
    names = await readdir(folder(dir));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return [];
    }
    throw error;
  }
  return names
    .filter((name) => name.endsWith('.txt') && !name.startsWith('.'))
    .map((name) => ({ name, size: /^\d{16}\.txt$/.test(name) ? Number(name.slice(0, 16)) : Number.NaN }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Text of one checkpoint. */
export function readCheckpoint(dir: string, name: string): Promise<string> {
  return readFile(join(folder(dir), name), 'utf8');
}

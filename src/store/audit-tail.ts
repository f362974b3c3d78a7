import type { KeyObject } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { AuditIndex } from './audit-index.ts';
import { parseEntry, splitLine } from './audit-line.ts';
import { listCheckpoints, readCheckpoint } from './checkpoint-folder.ts';
import { KeyWindow } from './key-window.ts';
import { type RawLine, readLines } from './read-lines.ts';
import { openCheckpoint } from './signed-note.ts';

/** About the length of an entry, in bytes: only a first guess. */
const ENTRY_BYTES = 512;

/** The first whole line that begins after an offset. */
async function lineAfter(file: FileHandle, offset: number): Promise<RawLine | null> {
  let rest = true;
  for await (const line of readLines(file, offset)) {
    if (!rest) return line;
    rest = false;
  }
  return null;
}

/**
 * An index that begins far enough before the end of a long trail to learn the window of keys from what follows. The newest checkpoint vouches for it: the chain from here
 * on has to lead to the hash that was signed. Null where the trail is short, or where nothing vouches: then it is read from its beginning.
 */
export async function indexNearEnd(
  file: FileHandle,
  trail: { readonly dir: string; readonly origin: string; readonly publicKey: KeyObject; readonly window: number },
): Promise<AuditIndex | null> {
  const { dir, origin, publicKey, window } = trail;
  const newest = (await listCheckpoints(dir)).at(-1);
  if (newest === undefined || !(newest.size > window)) return null;
  const opened = openCheckpoint(await readCheckpoint(dir, newest.name), publicKey);
  if (opened.kind !== 'valid' || opened.facts.origin !== origin || opened.facts.size !== newest.size) return null;
  const { size } = await file.stat();
  for (let bytes = window * ENTRY_BYTES; bytes < size; bytes *= 2) {
    const line = await lineAfter(file, size - bytes);
    const split = line === null ? null : splitLine(line.bytes);
    const entry = split === null ? null : parseEntry(split.entry);
    if (line === null || split === null || entry === null) return null;
    if (entry.seq > newest.size - window) continue;
    return {
      offset: line.offset + line.bytes.length + 1,
      size: entry.seq,
      hash: Buffer.from(split.hash, 'hex'),
      lastAt: entry.at,
      keys: new KeyWindow(window),
      anchor: opened.facts,
    };
  }
  return null;
}

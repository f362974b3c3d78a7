import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';
import { type AuditLine, chainHash, genesisHash, parseEntry, splitLine } from './audit-line.ts';
import { KeyWindow } from './key-window.ts';
import { readLines } from './read-lines.ts';

/** Newest keys that are remembered at least: a repeated activity comes within hours, and a trail grows for ever. */
export const KEY_WINDOW = 200_000;

/** What one process knows of the trail: where it ends, its last hash, and which keys are among its newest. */
export interface AuditIndex {
  /** Bytes read. */
  offset: number;
  /** Entries read. */
  size: number;
  hash: Buffer;
  lastAt: string;
  readonly keys: KeyWindow;
  /** A signed hash that the chain has to lead through, where it was not read from its beginning. */
  readonly anchor: { readonly size: number; readonly hash: string } | null;
}

/** Knows nothing yet. */
export function emptyIndex(origin: string, window: number): AuditIndex {
  return { offset: 0, size: 0, hash: genesisHash(origin), lastAt: '', keys: new KeyWindow(window), anchor: null };
}

/** Takes one entry into the index. */
export function learn(index: AuditIndex, entry: AuditLine, hash: Buffer, bytes: number): void {
  index.offset += bytes;
  index.size = entry.seq;
  index.hash = hash;
  index.lastAt = entry.at;
  index.keys.add(entry.key, entry.seq);
}

/**
 * Reads what others appended since, checking the chain on the way. Returns the length of an unterminated last line, which a writer that was killed leaves; the caller
 * holds the lock, so nobody is still writing it. Throws `Failure` code `configuration-invalid` when the trail was changed, so that nothing is built on it.
 */
export async function catchUp(index: AuditIndex, file: FileHandle, path: string): Promise<number> {
  const damaged = (detail: string): Failure =>
    new Failure(
      'configuration-invalid',
      `audit trail ${path}: ${detail}; look with \`suture audit verify\`, then move the folder aside to start a new trail`,
    );
  const { size } = await file.stat();
  if (size < index.offset) {
    throw damaged(`it was ${index.offset} bytes long and is ${size} now`);
  }
  if (size === index.offset) {
    return 0;
  }
  for await (const line of readLines(file, index.offset)) {
    if (!line.terminated) {
      return size - line.offset;
    }
    const split = splitLine(line.bytes);
    const entry = split === null ? null : parseEntry(split.entry);
    if (split === null || entry === null) {
      throw damaged(`entry ${index.size + 1} is not readable`);
    }
    const hash = chainHash(index.hash, split.entry);
    if (entry.seq !== index.size + 1 || hash.toString('hex') !== split.hash) {
      throw damaged(`entry ${index.size + 1} does not follow from the one before it`);
    }
    if (entry.seq === index.anchor?.size && split.hash !== index.anchor.hash) {
      throw damaged(`its newest checkpoint was signed over other entries than those up to ${entry.seq}`);
    }
    learn(index, entry, hash, line.bytes.length + 1);
  }
  return 0;
}

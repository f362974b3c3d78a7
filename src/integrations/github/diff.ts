import { createTwoFilesPatch } from 'diff';
import type { ChangeSet } from '../../domain/change-set.schema.ts';
import type { Api } from './api.ts';
import { readBlob } from './blobs.ts';
import type { Trees } from './tree.ts';

/** Longest diff for people, in bytes. */
const MAX_DIFF = 256 * 1024;
/** Larger files are named, not shown. */
const MAX_FILE = 1024 ** 2;
/** Time that the comparison of one file may take, in milliseconds; odd texts make it slow. */
const TIME_LIMIT_MS = 1000;

const isBinary = (bytes: Uint8Array): boolean => bytes.subarray(0, 8000).includes(0);

function patch(path: string, before: Uint8Array | null, after: Uint8Array | null): string {
  const header = `diff --git a/${path} b/${path}\n`;
  const large = (before?.length ?? 0) > MAX_FILE || (after?.length ?? 0) > MAX_FILE;
  if (large || [before, after].some((bytes) => bytes !== null && isBinary(bytes)))
    return `${header}${large ? 'Large' : 'Binary'} file ${path} differs\n`;
  const text = (bytes: Uint8Array | null): string => (bytes === null ? '' : Buffer.from(bytes).toString('utf8'));
  const shown = createTwoFilesPatch(
    before === null ? '/dev/null' : `a/${path}`,
    after === null ? '/dev/null' : `b/${path}`,
    text(before),
    text(after),
    undefined,
    undefined,
    {
      timeout: TIME_LIMIT_MS,
      headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
    },
  );
  return shown === undefined ? `${header}File ${path} differs too much to be shown\n` : `${header}${shown}`;
}

/** See `ForgeRepositories.diff`. */
export async function diffOf(api: Api, trees: Trees, changeSet: ChangeSet): Promise<string> {
  const base = await trees.of(api, changeSet.base);
  let diff = '';
  for (const change of changeSet.files) {
    const entry = base.get(change.path);
    const before = entry === undefined ? null : await readBlob(api, entry.sha);
    diff += patch(change.path, before, change.op === 'delete' ? null : Buffer.from(change.content, 'base64'));
    if (Buffer.byteLength(diff) > MAX_DIFF) {
      const note = '\n... cut: the whole diff is longer\n';
      const bytes = Buffer.from(diff);
      return bytes.subarray(0, bytes.lastIndexOf(10, MAX_DIFF - note.length)).toString('utf8') + note;
    }
  }
  return diff;
}

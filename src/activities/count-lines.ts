import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import { addedLines, removedLines } from '../domain/policy/gate/lines.ts';

/** One file before and after; null where it is absent. */
export interface FileVersions {
  readonly path: string;
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
}

/** Text of a file; null when it is absent or not text. */
export function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null || bytes.includes(0)) {
    return null;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Lines that a change adds and removes, for people; moved lines count as neither. */
export function countLines(files: readonly FileVersions[]): Pick<ChangeSetRef, 'additions' | 'deletions'> {
  let additions = 0;
  let deletions = 0;
  for (const { path, before, after } of files) {
    const file = { path, before: textOf(before), after: textOf(after), binary: false };
    additions += addedLines(file).length;
    deletions += removedLines(file).length;
  }
  return { additions, deletions };
}

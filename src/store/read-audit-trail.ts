import { type FileHandle, open } from 'node:fs/promises';
import { hasCode } from '../lib/error-code.ts';
import { type AuditLine, parseEntry, splitLine } from './audit-line.ts';
import { trailPath } from './checkpoint-folder.ts';
import { readLines } from './read-lines.ts';

/** The entries of a trail in their order, for people; unreadable lines are left out, since finding those is for `verifyAuditTrail`. */
export async function* readAuditTrail(dir: string): AsyncGenerator<AuditLine> {
  let file: FileHandle;
  try {
    file = await open(trailPath(dir), 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  try {
    for await (const line of readLines(file, 0)) {
      const split = line.terminated ? splitLine(line.bytes) : null;
      const entry = split === null ? null : parseEntry(split.entry);
      if (entry !== null) {
        yield entry;
      }
    }
  } finally {
    await file.close();
  }
}

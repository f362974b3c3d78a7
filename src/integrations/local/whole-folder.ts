import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../../lib/error-code.ts';

async function moveUnlessThere(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTEMPTY')) {
      throw error;
    }
  }
}

/** A folder that appears with all that `fill` puts into it or not at all; when somebody else is faster, theirs stays. */
export async function createWholeFolder(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(folder), `.tmp-${randomUUID()}`);
  await mkdir(draft, { recursive: true, mode: 0o755 });
  try {
    await fill(draft);
    await moveUnlessThere(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoFolders } from './paths.ts';

/** Drafts younger than this may still be written by somebody. */
const AGE_MS = 3_600_000;

const DRAFT = /^\.tmp-|^lock\.[0-9a-f-]{36}$|^lock\.dead-/;

/** Remove unfinished files of processes that were killed while they wrote; returns how many. */
export async function sweepDrafts(folders: RepoFolders, now = Date.now()): Promise<number> {
  let swept = 0;
  for (const folder of [
    folders.root,
    folders.pulls,
    folders.checks,
    folders.pending,
    folders.deployments,
    folders.environments,
    folders.claims,
    folders.releases,
  ]) {
    for (const name of (await readdir(folder).catch((): string[] => [])).filter((candidate) => DRAFT.test(candidate))) {
      const path = join(folder, name);
      const info = await stat(path).catch(() => null);
      if (info !== null && now - info.ctimeMs > AGE_MS) {
        await rm(path, { recursive: true, force: true });
        swept += 1;
      }
    }
  }
  return swept;
}

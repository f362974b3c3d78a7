import { Failure } from '../../domain/failure.ts';
import { unless } from './answer.ts';
import type { Api } from './api.ts';
import { Lru } from './lru.ts';

/** One file of a tree: `mode` and object id of git. */
export interface TreeEntry {
  readonly mode: string;
  readonly sha: string;
  readonly size: number;
}

/** Trees held in memory; one of a large repository takes some megabytes. */
const HELD = 16;
/** GitHub's own limit of one recursive answer; beyond it the tree is walked folder by folder. */
const MAX_ENTRIES = 200_000;

/** Trees of commits by path; a commit never changes, so each is asked for once. */
export class Trees {
  readonly #held = new Lru<ReadonlyMap<string, TreeEntry>>(HELD);

  /** All files of a commit. Throws `revision-gone` when there is no such commit, `too-large` above 200,000 files. */
  of(api: Api, commit: string): Promise<ReadonlyMap<string, TreeEntry>> {
    return this.#held.get(`${api.repo.owner}/${api.repo.name}@${commit}`, async () => {
      const files = new Map<string, TreeEntry>();
      await list(api, commit, '', files);
      return files;
    });
  }
}

async function list(api: Api, treeish: string, prefix: string, files: Map<string, TreeEntry>): Promise<void> {
  const whole = await readTree(api, treeish, true);
  if (!whole.truncated) return add(whole.tree, prefix, files);
  const level = await readTree(api, treeish, false);
  if (level.truncated) throw new Failure('too-large', `a folder of ${api.repo.owner}/${api.repo.name} has more entries than GitHub lists`);
  add(
    level.tree.filter((entry) => entry.type !== 'tree'),
    prefix,
    files,
  );
  for (const folder of level.tree) {
    if (folder.type === 'tree' && folder.sha !== undefined) await list(api, folder.sha, `${prefix}${folder.path ?? ''}/`, files);
  }
}

type Listed = ReadonlyArray<{
  readonly path?: string;
  readonly mode?: string;
  readonly type?: string;
  readonly sha?: string;
  readonly size?: number;
}>;

async function readTree(api: Api, sha: string, recursive: boolean): Promise<{ readonly tree: Listed; readonly truncated: boolean }> {
  const answer = await unless(
    [404, 409, 422],
    null,
    api.call('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', { tree_sha: sha, ...(recursive ? { recursive: '1' } : {}) }),
  );
  if (answer === null) throw new Failure('revision-gone', `${sha.slice(0, 10)} is not in ${api.repo.owner}/${api.repo.name}`);
  return { tree: answer.data.tree, truncated: answer.data.truncated === true };
}

function add(tree: Listed, prefix: string, files: Map<string, TreeEntry>): void {
  for (const { path, mode, type, sha, size } of tree) {
    if (type !== 'blob' || path === undefined || mode === undefined || sha === undefined) continue;
    if (files.size >= MAX_ENTRIES) throw new Failure('too-large', `the repository has more than ${MAX_ENTRIES} files`);
    files.set(`${prefix}${path}`, { mode, sha, size: size ?? 0 });
  }
}

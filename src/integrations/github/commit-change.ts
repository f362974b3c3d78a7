import { createHash } from 'node:crypto';
import type { ChangeSet } from '../../domain/change-set.schema.ts';
import { Failure } from '../../domain/failure.ts';
import { RepoPath } from '../../domain/names.schema.ts';
import { isRefName } from '../../lib/ref-name.ts';
import type { ForgeChanges, Refused } from '../contract.ts';
import { Refusal, unless } from './answer.ts';
import type { Api } from './api.ts';
import { type Commits, idsBetween } from './commits.ts';
import { refused } from './refused.ts';
import { branchHead } from './revisions.ts';
import type { TreeEntry } from './tree.ts';

/** Commits above the base in which the key of an earlier run is looked for. */
const LOOK_BACK = 100;

type Input = Parameters<ForgeChanges['commit']>[1];
type Committed = { readonly kind: 'committed'; readonly sha: string } | Refused;

/** The trailer line that names one commit of ours; a hash, so that no key can forge further lines. */
function trailerOf(key: string): string {
  return `Suture-Key: ${createHash('sha256').update(key).digest('hex')}`;
}

function messageOf(message: string, key: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  const text = message.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trim();
  return `${(text === '' ? 'Change' : text).slice(0, 10_000)}\n\n${trailerOf(key)}`;
}

/** The commit above the base that was made with this key; null when there is none. Ours is the last line, whatever the message says before. */
async function findByKey(api: Api, commits: Commits, base: string, head: string, key: string): Promise<string | null> {
  for (const sha of (await idsBetween(api, base, head, LOOK_BACK)).slice(0, LOOK_BACK)) {
    const { message } = await commits.one(api, sha);
    if (message.trimEnd().split('\n').at(-1) === trailerOf(key)) return sha;
  }
  return null;
}

/** Throws `plan-invalid` for what must never be written, before anything is. */
export function assertWritable(changeSet: ChangeSet, base: ReadonlyMap<string, TreeEntry>): void {
  for (const { path } of changeSet.files) {
    if (!RepoPath.safeParse(path).success)
      throw new Failure('plan-invalid', `the path ${JSON.stringify(path.slice(0, 100))} is not allowed`);
    const parts = path.split('/');
    const through = parts
      .map((_, at) => parts.slice(0, at + 1).join('/'))
      .find((part) => !['100644', '100755', undefined].includes(base.get(part)?.mode));
    if (through !== undefined)
      throw new Failure('plan-invalid', `${JSON.stringify(through.slice(0, 100))} is a link: nothing is written through it`);
  }
}

async function writeTree(api: Api, changeSet: ChangeSet, base: ReadonlyMap<string, TreeEntry>): Promise<string> {
  const parent = await unless(
    [404, 409, 422],
    null,
    api.call('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', { commit_sha: changeSet.base }),
  );
  if (parent === null) throw new Failure('revision-gone', `commit ${changeSet.base} is not in the repository`);
  const tree: Array<{ path: string; mode: '100644' | '100755'; type: 'blob'; sha: string | null }> = [];
  for (const file of changeSet.files) {
    if (file.op === 'delete') {
      // What is gone already cannot be deleted: GitHub refuses the whole tree.
      if (base.has(file.path)) tree.push({ path: file.path, mode: '100644', type: 'blob', sha: null });
      continue;
    }
    const { data } = await api.call('POST /repos/{owner}/{repo}/git/blobs', { content: file.content, encoding: 'base64' });
    tree.push({ path: file.path, mode: file.mode, type: 'blob', sha: data.sha });
  }
  if (tree.length === 0) return parent.data.tree.sha;
  const { data } = await api.call('POST /repos/{owner}/{repo}/git/trees', { base_tree: parent.data.tree.sha, tree });
  return data.sha;
}

/** Moves or makes the branch, never by force; what GitHub said when it did not. */
async function moveBranch(api: Api, branch: string, head: string | null, sha: string): Promise<Refusal | null> {
  try {
    if (head === null) await api.call('POST /repos/{owner}/{repo}/git/refs', { ref: `refs/heads/${branch}`, sha });
    else await api.call('PATCH /repos/{owner}/{repo}/git/refs/{ref}', { ref: `heads/${branch}`, sha, force: false });
    return null;
  } catch (error) {
    if (error instanceof Refusal && [404, 409, 422].includes(error.status)) return error;
    throw error;
  }
}

/** See `ForgeChanges.commit`: blobs, tree and commit by the git data API, without author, so that GitHub signs for the App. */
export async function commitChange(api: Api, commits: Commits, base: ReadonlyMap<string, TreeEntry>, input: Input): Promise<Committed> {
  const { branch, changeSet, message, key } = input;
  if (!isRefName(branch)) throw new Failure('plan-invalid', 'this cannot be the name of a branch');
  assertWritable(changeSet, base);
  const adopt = async (head: string | null): Promise<Committed> => {
    const earlier = head === null ? null : await findByKey(api, commits, changeSet.base, head, key);
    return earlier === null
      ? refused('head-moved', `${branch} is at ${head ?? 'nothing'}, not at the base of the change`)
      : { kind: 'committed', sha: earlier };
  };
  const head = await branchHead(api, branch);
  if (head !== null && head !== changeSet.base) return adopt(head);
  const tree = await writeTree(api, changeSet, base);
  const { data } = await api.call('POST /repos/{owner}/{repo}/git/commits', {
    message: messageOf(message, key),
    tree,
    parents: [changeSet.base],
  });
  const no = await moveBranch(api, branch, head, data.sha);
  if (no === null) return { kind: 'committed', sha: data.sha };
  const now = await branchHead(api, branch);
  if (now !== head) return adopt(now);
  // Nobody moved it: a race that a repeat ends, or something that GitHub does not want there.
  if (no.status === 409) throw no;
  return refused('not-allowed', no.message);
}

import { pathToFileURL } from 'node:url';
import type { ChangeSet, FileChange } from '../../domain/change-set.schema.ts';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import { isRefName } from '../../lib/ref-name.ts';
import type { ForgeRepositories } from '../contract.ts';
import { exportTree } from './export-tree.ts';
import { assertSha, git, gitText } from './git.ts';
import { commitFacts, EMPTY_TREE, listCommits, parentsOf } from './history.ts';
import { mergeTrees } from './merge-trees.ts';
import { type OpenRepository, openRepository, servedRepositories } from './repo-store.ts';
import { writeChangedTree } from './scratch-tree.ts';
import { compareTrees, entryAt, readBlob } from './tree.ts';

const MAX_READ = 1024 ** 2;
const MAX_DIFF = 256 * 1024;
const MAX_COMMITS = 1000;

async function verified(gitDir: string, name: string): Promise<string | null> {
  const sha = await gitText(gitDir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`], { accept: [1, 128] });
  return /^[0-9a-f]{40}$/.test(sha) ? sha : null;
}

/** Commit id of a branch, tag, full or shortened commit id; null when there is none. */
export async function resolveRevision(gitDir: string, revision: string): Promise<string | null> {
  if (!isRefName(revision)) {
    return null;
  }
  const names = [`refs/heads/${revision}`, `refs/tags/${revision}`];
  if (/^[0-9a-f]{7,40}$/.test(revision)) {
    names.unshift(revision);
  }
  for (const name of names) {
    const sha = await verified(gitDir, name);
    if (sha !== null) {
      return sha;
    }
  }
  return null;
}

async function treeOf(gitDir: string, sha: string): Promise<string> {
  return gitText(gitDir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${sha}^{tree}`]);
}

/** A tree's difference to a commit as a change set; null when it holds what a change set cannot: links, submodules, odd paths. */
async function asChangeSet(gitDir: string, onto: string, tree: string): Promise<ChangeSet | null> {
  const files: FileChange[] = [];
  for (const { newMode, newOid, status, path } of await compareTrees(gitDir, await treeOf(gitDir, onto), tree)) {
    if (status === 'D') {
      files.push({ op: 'delete', path });
    } else if (newMode === '100644' || newMode === '100755') {
      const { stdout } = await git(gitDir, ['cat-file', 'blob', newOid]);
      files.push({ op: 'write', path, mode: newMode, content: stdout.toString('base64') });
    } else {
      return null;
    }
  }
  return { base: onto, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

async function revertOf(open: OpenRepository, sha: string, onto: string, mainline: number): Promise<ChangeSet | null> {
  const { gitDir } = open.folders;
  assertSha(onto);
  const parents = await parentsOf(gitDir, sha);
  const parent = parents[mainline - 1];
  if (parent === undefined && !(parents.length === 0 && mainline === 1)) {
    throw new Failure('plan-invalid', `commit ${sha} has ${parents.length} parents, so there is no mainline ${mainline}`);
  }
  if (parent === undefined) {
    await git(gitDir, ['hash-object', '-w', '-t', 'tree', '--stdin']);
  }
  const before = parent === undefined ? EMPTY_TREE : await treeOf(gitDir, parent);
  const merged = await mergeTrees(gitDir, await treeOf(gitDir, sha), await treeOf(gitDir, onto), before);
  return merged === null ? null : asChangeSet(gitDir, onto, merged);
}

async function diffOf(gitDir: string, changeSet: ChangeSet): Promise<string> {
  assertSha(changeSet.base);
  const tree = await writeChangedTree(gitDir, changeSet);
  const { stdout } = await git(gitDir, [
    'diff-tree',
    '-r',
    '-p',
    '--no-ext-diff',
    '--no-textconv',
    '--no-color',
    '--no-renames',
    '--end-of-options',
    changeSet.base,
    tree,
  ]);
  if (stdout.length <= MAX_DIFF) {
    return stdout.toString('utf8');
  }
  const note = `\n... cut: the whole diff has ${stdout.length} bytes\n`;
  const end = stdout.lastIndexOf(10, MAX_DIFF - note.length);
  return stdout.subarray(0, end).toString('utf8') + note;
}

/** Reading repositories of the local forge. */
export function createRepositories(stateDir: string): ForgeRepositories {
  const open = (repo: RepoRef): Promise<OpenRepository> => openRepository(stateDir, repo);
  const gitDirOf = async (repo: RepoRef): Promise<string> => (await open(repo)).folders.gitDir;
  return {
    served: () => servedRepositories(stateDir),
    async describe(repo) {
      const { settings, folders } = await open(repo);
      return { defaultBranch: settings.defaultBranch, url: pathToFileURL(folders.gitDir).href };
    },
    async resolve(repo, revision) {
      return resolveRevision(await gitDirOf(repo), revision);
    },
    async readFile(repo, sha, path, maxBytes = MAX_READ) {
      const gitDir = await gitDirOf(repo);
      const entry = await entryAt(gitDir, sha, path);
      return entry?.type === 'blob' ? readBlob(gitDir, entry, maxBytes) : null;
    },
    async fileMode(repo, sha, path) {
      const entry = await entryAt(await gitDirOf(repo), sha, path);
      return entry?.type === 'blob' ? entry.mode : null;
    },
    async commits(repo, from, to, limit) {
      const gitDir = await gitDirOf(repo);
      const bounded = Math.max(0, Math.min(Math.floor(limit), MAX_COMMITS));
      const shas = await listCommits(gitDir, from, to, bounded + 1);
      return { commits: await commitFacts(gitDir, shas.slice(0, bounded)), truncated: shas.length > bounded };
    },
    async revertOf(repo, sha, onto, mainline) {
      return revertOf(await open(repo), sha, onto, mainline ?? 1);
    },
    async exportTree(repo, sha) {
      return exportTree(await gitDirOf(repo), sha);
    },
    async diff(repo, changeSet) {
      return diffOf(await gitDirOf(repo), changeSet);
    },
  };
}

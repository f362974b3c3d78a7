import { git, gitText } from './git.ts';
import { splitNul } from './tree.ts';

/** Fixed identity and date, so that helper commits have the same id every time. */
const HELPER = {
  GIT_AUTHOR_NAME: 'merge base',
  GIT_AUTHOR_EMAIL: 'suture@localhost',
  GIT_AUTHOR_DATE: '1000000000 +0000',
  GIT_COMMITTER_NAME: 'merge base',
  GIT_COMMITTER_EMAIL: 'suture@localhost',
  GIT_COMMITTER_DATE: '1000000000 +0000',
};

/** A commit with this tree; dated and signed by nobody, only ever an argument of a merge. */
async function helperCommit(gitDir: string, tree: string, parent: string | null): Promise<string> {
  return gitText(gitDir, ['commit-tree', tree, ...(parent === null ? [] : ['-p', parent]), '-m', 'merge base'], { env: HELPER });
}

/** Merge two commits by their history. Returns the tree, or null on a conflict. */
export async function mergeCommits(gitDir: string, ours: string, theirs: string): Promise<string | null> {
  const { code, stdout } = await git(gitDir, ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs], {
    accept: [1],
  });
  const [tree] = splitNul(stdout);
  return code === 0 && tree !== undefined && /^[0-9a-f]{40}$/.test(tree) ? tree : null;
}

/**
 * Three-way merge of trees with a base of our choosing. git 2.39 takes the base from history only, so each tree gets a helper
 * commit: ours and theirs with the base as their one parent, which makes the base their only merge base.
 */
export async function mergeTrees(gitDir: string, base: string, ours: string, theirs: string): Promise<string | null> {
  const root = await helperCommit(gitDir, base, null);
  return mergeCommits(gitDir, await helperCommit(gitDir, ours, root), await helperCommit(gitDir, theirs, root));
}

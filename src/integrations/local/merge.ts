import type { Refused } from '../contract.ts';
import { listChecks } from './checks.ts';
import { refused } from './commit-change.ts';
import { gitText } from './git.ts';
import { mergeCommits } from './merge-trees.ts';
import { isAncestor } from './pull-requests.ts';
import type { PullRecord } from './records.schema.ts';
import { branchHead, identityOf, moveBranch, type OpenRepository, writePull } from './repo-store.ts';

/** Who merges, and whether the target branch's rules may be set aside (an owner may, Suture never). */
export interface MergeBy {
  readonly actor: string;
  readonly bypass: boolean;
}

type Merged = { readonly kind: 'merged'; readonly sha: string } | Refused;

/** The commit that brought `head` into `base`: its merge commit, or the head itself after a fast-forward. */
async function findMerge(gitDir: string, base: string, head: string): Promise<string> {
  const lines = (await gitText(gitDir, ['rev-list', '--parents', '--first-parent', '--end-of-options', base, `^${head}`])).split('\n');
  const merge = lines.map((line) => line.split(' ')).find((parts) => parts.slice(2).includes(head));
  return merge?.[0] ?? head;
}

async function missingChecks(open: OpenRepository, sha: string): Promise<readonly string[]> {
  return (await listChecks(open, sha)).filter((check) => check.required && check.conclusion !== 'success').map((check) => check.name);
}

async function mergeCommit(
  { folders, settings }: OpenRepository,
  record: PullRecord,
  base: string,
  actor: string,
): Promise<string | Refused> {
  const { gitDir } = folders;
  if (settings.mergeMethod === 'fast-forward') {
    return (await isAncestor(gitDir, base, record.headSha))
      ? record.headSha
      : refused('conflict', `${record.baseBranch} has moved on and this repository merges by fast-forward only`);
  }
  const tree = await mergeCommits(gitDir, base, record.headSha);
  if (tree === null) {
    return refused('conflict', `${record.headBranch} conflicts with ${record.baseBranch}`);
  }
  const message = `Merge pull request #${record.number} from ${record.headBranch}\n\n${record.title}\n`;
  return gitText(gitDir, ['commit-tree', tree, '-p', base, '-p', record.headSha, '-F', '-'], { stdin: message, env: identityOf(actor) });
}

/** Why an open pull request may not be merged; null when it may. */
async function hindrance(open: OpenRepository, record: PullRecord, expectedHead: string, by: MergeBy): Promise<Refused | null> {
  if (record.headSha !== expectedHead) {
    return refused('head-moved', `the head of pull request ${record.number} is ${record.headSha}`);
  }
  if (by.bypass) {
    return null;
  }
  if (record.fromFork || record.draft) {
    return refused('not-allowed', `pull request ${record.number} is ${record.draft ? 'a draft' : 'from another repository'}`);
  }
  if (open.settings.protected && record.baseBranch === open.settings.defaultBranch) {
    const missing = await missingChecks(open, expectedHead);
    return missing.length === 0 ? null : refused('checks-missing', `required checks that are not green: ${missing.join(', ')}`);
  }
  return null;
}

/** Merge a pull request; see `ForgeChanges.merge`. Call it while `changing`. */
export async function mergePull(open: OpenRepository, record: PullRecord, expectedHead: string, by: MergeBy): Promise<Merged> {
  const { gitDir } = open.folders;
  if (record.state === 'closed') {
    return refused('closed', `pull request ${record.number} was closed by ${record.closedBy ?? 'somebody'}`);
  }
  if (record.state === 'merged') {
    return record.headSha === expectedHead && record.mergeSha !== null
      ? { kind: 'merged', sha: record.mergeSha }
      : refused('head-moved', `pull request ${record.number} was merged with head ${record.headSha}`);
  }
  const no = await hindrance(open, record, expectedHead, by);
  const base = await branchHead(gitDir, record.baseBranch);
  if (base === null) {
    return refused('not-allowed', `there is no branch ${record.baseBranch} any more`);
  }
  const done = async (sha: string): Promise<Merged> => {
    await writePull(open, { ...record, state: 'merged', closedBy: by.actor, mergeSha: sha });
    return { kind: 'merged', sha };
  };
  // An earlier run moved the branch and ended before it wrote the record.
  if (record.headSha === expectedHead && (await isAncestor(gitDir, expectedHead, base))) {
    return done(await findMerge(gitDir, base, expectedHead));
  }
  if (no !== null) {
    return no;
  }
  const sha = await mergeCommit(open, record, base, by.actor);
  if (typeof sha !== 'string') {
    return sha;
  }
  return (await moveBranch(gitDir, record.baseBranch, base, sha, by.actor))
    ? done(sha)
    : refused('conflict', `${record.baseBranch} moved during the merge: try again`);
}

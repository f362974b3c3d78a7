import type { ChangeSet } from '../../domain/change-set.schema.ts';
import { Failure } from '../../domain/failure.ts';
import { isRefName } from '../../lib/ref-name.ts';
import type { Refused } from '../contract.ts';
import { SUTURE_ACTOR } from './actors.ts';
import { assertSha, git, gitText } from './git.ts';
import { sha256 } from './paths.ts';
import { branchHead, identityOf, moveBranch, type OpenRepository } from './repo-store.ts';
import { writeChangedTree } from './scratch-tree.ts';

/** Commits above the base in which the key of an earlier run is looked for. */
const LOOK_BACK = 200;

/** A refusal as a value. */
export function refused(reason: Refused['reason'], detail: string): Refused {
  return { kind: 'refused', reason, detail };
}

/** The trailer line that names one commit of ours; a hash, so that no key can forge further lines. */
function trailerOf(key: string): string {
  return `Suture-Key: ${sha256(key)}`;
}

/** The commit on a branch that was made with this key; null when there is none. */
async function findByKey(gitDir: string, base: string, head: string, key: string): Promise<string | null> {
  const output = await gitText(gitDir, [
    'log',
    `--max-count=${LOOK_BACK}`,
    '--format=%H %(trailers:key=Suture-Key,valueonly,separator=%x20)',
    '--end-of-options',
    head,
    `^${base}`,
  ]);
  const hash = sha256(key);
  const line = output.split('\n').find((candidate) => candidate.split(' ').slice(1).includes(hash));
  return line?.slice(0, 40) ?? null;
}

function messageOf(message: string, key: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  const text = message.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trim();
  return `${(text === '' ? 'Change' : text).slice(0, 10_000)}\n\n${trailerOf(key)}\n`;
}

/** Write a change set as one commit on a branch; see `ForgeChanges.commit`. Call it while `changing`. */
export async function commitChange(
  { folders, settings }: OpenRepository,
  input: { readonly branch: string; readonly changeSet: ChangeSet; readonly message: string; readonly key: string },
): Promise<{ readonly kind: 'committed'; readonly sha: string } | Refused> {
  const { gitDir } = folders;
  const { branch, changeSet, message, key } = input;
  if (!isRefName(branch)) {
    throw new Failure('plan-invalid', 'this cannot be the name of a branch');
  }
  if (branch === settings.defaultBranch && settings.protected) {
    return refused('protected', `${branch} is protected: open a pull request`);
  }
  assertSha(changeSet.base);
  if ((await gitText(gitDir, ['cat-file', '-t', changeSet.base], { accept: [1, 128] })) !== 'commit') {
    throw new Failure('revision-gone', `commit ${changeSet.base} is not in the repository`);
  }
  const head = await branchHead(gitDir, branch);
  if (head !== null && head !== changeSet.base) {
    const earlier = await findByKey(gitDir, changeSet.base, head, key);
    return earlier === null
      ? refused('head-moved', `${branch} is at ${head}, not at the base of the change`)
      : { kind: 'committed', sha: earlier };
  }
  const tree = await writeChangedTree(gitDir, changeSet);
  const sha = await gitText(gitDir, ['commit-tree', tree, '-p', changeSet.base, '-F', '-'], {
    stdin: messageOf(message, key),
    env: identityOf(SUTURE_ACTOR),
  });
  if (!(await moveBranch(gitDir, branch, head, sha, SUTURE_ACTOR))) {
    return refused('head-moved', `${branch} moved while the change was written`);
  }
  return { kind: 'committed', sha };
}

/** Delete a branch that Suture made; gone already is fine. Call it while `changing`. */
export async function removeBranch(gitDir: string, branch: string): Promise<void> {
  const head = await branchHead(gitDir, branch);
  if (head !== null) {
    await git(gitDir, ['update-ref', '--stdin', '-z'], { stdin: `delete refs/heads/${branch}\0${head}\0`, env: identityOf(SUTURE_ACTOR) });
  }
}

import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import { isRefName } from '../../lib/ref-name.ts';
import { SUTURE_BRANCHES } from './actors.ts';
import { readJson, writeJson } from './atomic-file.ts';
import { git, gitText, RECEIVE_PACK, UPLOAD_PACK } from './git.ts';
import { withLock } from './lock.ts';
import { repoFolders, sha256 } from './paths.ts';
import { RepositorySettings } from './records.schema.ts';
import { branchHead, moveBranch, wake } from './repo-store.ts';

/** Branch of the mirror that stands for a head that is on no branch. */
const DETACHED = 'detached-head';

/** A repository on disk that belongs to somebody else. */
export interface UserRepository {
  /** Its real absolute path. */
  readonly path: string;
  /** Branch that is checked out; null when the head is on none. */
  readonly branch: string | null;
  readonly headSha: string;
}

/** Look at a repository on disk through git's own protocol: nothing of its configuration or hooks runs. Throws `Failure` code `repository-gone`. */
export async function openUserRepository(path: string): Promise<UserRepository> {
  const real = await realpath(path).catch((error: unknown) => {
    throw new Failure('repository-gone', `there is no folder ${path}`, { cause: error });
  });
  const output = await gitText('/nonexistent', ['ls-remote', '--symref', `--upload-pack=${UPLOAD_PACK}`, '--', real, 'HEAD']);
  const headSha = /^([0-9a-f]{40})\tHEAD$/m.exec(output)?.[1];
  if (headSha === undefined) {
    throw new Failure('repository-gone', `${real} has no commit yet: make one first`);
  }
  const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(output)?.[1];
  return { path: real, branch: branch !== undefined && isRefName(branch) ? branch : null, headSha };
}

/** Fetch every branch of a repository on disk, Suture's own left out, into a bare repository of ours; branches gone there go here too. */
export async function fetchHeads(gitDir: string, path: string): Promise<void> {
  const common = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--no-recurse-submodules',
    '--update-shallow',
    `--upload-pack=${UPLOAD_PACK}`,
  ];
  await git(gitDir, ['fetch', ...common, '--', path, '+refs/heads/*:refs/heads/*', `^refs/heads/${SUTURE_BRANCHES}*`]);
  const theirs = await gitText(gitDir, ['ls-remote', '--heads', `--upload-pack=${UPLOAD_PACK}`, '--', path]);
  const kept = new Set(theirs.split('\n').map((line) => line.slice(41)));
  const ours = await gitText(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads/']);
  for (const line of ours.split('\n').filter((entry) => entry !== '')) {
    const ref = line.slice(41);
    if (!kept.has(ref) && !ref.startsWith(`refs/heads/${SUTURE_BRANCHES}`)) {
      await git(gitDir, ['update-ref', '--stdin', '-z'], { stdin: `delete ${ref}\0${line.slice(0, 40)}\0` });
    }
  }
}

function mirrorRef(path: string): RepoRef {
  const name = basename(path)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 60);
  return { owner: 'local', name: `${name === '' ? 'repository' : name}-${sha256(path).slice(0, 8)}` };
}

/**
 * Make or refresh a mirror of a repository on disk, named after its path. The repository itself is only read: not its
 * working tree, not its configuration, and none of its hooks run. What is not committed is not in the mirror.
 */
export async function mirrorExisting(
  stateDir: string,
  path: string,
): Promise<{ readonly repo: RepoRef; readonly branch: string; readonly headSha: string }> {
  const user = await openUserRepository(path);
  const repo = mirrorRef(user.path);
  const folders = repoFolders(stateDir, repo);
  const branch = user.branch ?? DETACHED;
  await withLock(folders.lock, async () => {
    await git(folders.gitDir, ['init', '--bare', '--quiet', '--template=', `--initial-branch=${branch}`]);
    await fetchHeads(folders.gitDir, user.path);
    if (user.branch === null) {
      await git(folders.gitDir, [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--update-shallow',
        `--upload-pack=${UPLOAD_PACK}`,
        '--',
        user.path,
        'HEAD',
      ]);
      await moveBranch(folders.gitDir, DETACHED, await branchHead(folders.gitDir, DETACHED), user.headSha, 'mirror');
    }
    const before = await readJson(folders.settings, RepositorySettings);
    // Nothing merges into somebody's own repository by itself: the default branch of a mirror is always protected.
    const settings = RepositorySettings.parse({ ...before, defaultBranch: branch, protected: true, mirror: true });
    await writeJson(folders.settings, settings);
  });
  wake(stateDir);
  return { repo, branch, headSha: user.headSha };
}

/**
 * Leave one of Suture's branches in a repository on disk: a push with that repository's hooks and helpers off, never forced, never into
 * a branch that is checked out. There already is success. Throws `Failure` code `conflict` when another commit is there.
 */
export async function publishBranchTo(stateDir: string, repo: RepoRef, path: string, branch: string): Promise<void> {
  const { gitDir } = repoFolders(stateDir, repo);
  if (!branch.startsWith(SUTURE_BRANCHES) || !isRefName(branch)) {
    throw new Failure('plan-invalid', `only branches below ${SUTURE_BRANCHES} are left in other repositories`);
  }
  if ((await branchHead(gitDir, branch)) === null) {
    throw new Failure('revision-gone', `there is no branch ${branch} in ${join(repo.owner, repo.name)}`);
  }
  const { path: real } = await openUserRepository(path);
  const result = await git(
    gitDir,
    [
      'push',
      '--quiet',
      '--no-verify',
      '--no-follow-tags',
      '--recurse-submodules=no',
      `--receive-pack=${RECEIVE_PACK}`,
      '--',
      real,
      `refs/heads/${branch}:refs/heads/${branch}`,
    ],
    { accept: [1], writes: { folder: real } },
  );
  if (result.code !== 0) {
    throw new Failure('conflict', `${real} already has another ${branch}: rename or delete it there`);
  }
}

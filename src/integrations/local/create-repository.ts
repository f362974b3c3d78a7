import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { RepoPath, type RepoRef } from '../../domain/names.schema.ts';
import { hasCode } from '../../lib/error-code.ts';
import { isRefName } from '../../lib/ref-name.ts';
import { FORGE_ACTOR } from './actors.ts';
import { writeJson } from './atomic-file.ts';
import { git, gitText } from './git.ts';
import { fetchHeads, openUserRepository } from './mirror.ts';
import { forgeRoot, repoFolders } from './paths.ts';
import { RepositorySettings } from './records.schema.ts';
import { branchHead, identityOf, moveBranch, wake } from './repo-store.ts';
import { type TreeFile, writeTree } from './scratch-tree.ts';

/** What a new repository starts from. */
export type RepositoryOrigin =
  /** A folder of files: they become the first commit. A `.git` in it is left out. */
  | { readonly fromDirectory: string; readonly message?: string; readonly actor?: string }
  /** A git repository on disk: all its branches. */
  | { readonly fromGit: string };

/** Make an empty bare repository. */
export async function initBare(gitDir: string, defaultBranch: string): Promise<void> {
  await mkdir(dirname(gitDir), { recursive: true });
  await git(gitDir, ['init', '--bare', '--quiet', '--template=', `--initial-branch=${defaultBranch}`]);
}

async function filesOf(folder: string, below = ''): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (!RepoPath.safeParse(path).success) {
      continue;
    }
    const full = join(folder, path);
    if (entry.isDirectory()) {
      files.push(...(await filesOf(folder, path)));
    } else if (entry.isSymbolicLink()) {
      files.push({ path, mode: '120000', content: Buffer.from(await readlink(full)) });
    } else if (entry.isFile()) {
      files.push({ path, mode: ((await stat(full)).mode & 0o100) === 0 ? '100644' : '100755', content: await readFile(full) });
    }
  }
  return files;
}

async function firstCommit(
  gitDir: string,
  branch: string,
  origin: Extract<RepositoryOrigin, { readonly fromDirectory: string }>,
): Promise<void> {
  const tree = await writeTree(gitDir, null, await filesOf(origin.fromDirectory));
  const actor = origin.actor ?? FORGE_ACTOR;
  const sha = await gitText(gitDir, ['commit-tree', tree, '-F', '-'], { stdin: origin.message ?? 'First version', env: identityOf(actor) });
  await moveBranch(gitDir, branch, null, sha, actor);
}

/**
 * Serve a new repository. It appears whole or not at all.
 * Throws `Failure` code `configuration-invalid` when it exists, or when the origin has no such branch.
 */
export async function createRepository(
  stateDir: string,
  repo: RepoRef,
  input: {
    readonly origin: RepositoryOrigin;
    readonly defaultBranch: string;
    readonly settings?: Omit<Partial<RepositorySettings>, 'defaultBranch'>;
  },
): Promise<{ readonly headSha: string }> {
  const { origin, defaultBranch } = input;
  if (!isRefName(defaultBranch)) {
    throw new Failure('configuration-invalid', 'this cannot be the name of a branch');
  }
  const parsed = RepositorySettings.safeParse({ ...input.settings, defaultBranch });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Failure('configuration-invalid', `settings: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const { root } = repoFolders(stateDir, repo);
  const draft = join(forgeRoot(stateDir), `.tmp-${randomUUID()}`);
  const gitDir = join(draft, 'repo.git');
  try {
    await initBare(gitDir, defaultBranch);
    if ('fromGit' in origin) {
      await fetchHeads(gitDir, (await openUserRepository(origin.fromGit)).path);
    } else {
      await firstCommit(gitDir, defaultBranch, origin);
    }
    const headSha = await branchHead(gitDir, defaultBranch);
    if (headSha === null) {
      throw new Failure('configuration-invalid', `there is no branch ${defaultBranch} in the origin`);
    }
    await writeJson(join(draft, 'settings.json'), parsed.data);
    await mkdir(dirname(root), { recursive: true });
    await rename(draft, root);
    wake(stateDir);
    return { headSha };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) {
      throw new Failure('configuration-invalid', `the local forge already serves ${repo.owner}/${repo.name}`, { cause: error });
    }
    throw error;
  }
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import { isRefName } from '../../lib/ref-name.ts';
import { SUTURE_ACTOR } from './actors.ts';
import { namesIn, readAllJson, readJson, writeJson } from './atomic-file.ts';
import { gitText } from './git.ts';
import { withLock } from './lock.ts';
import { forgeRoot, type RepoFolders, repoFolders } from './paths.ts';
import { PullRecord, RepositorySettings } from './records.schema.ts';

/** A served repository, opened: its folders and its owner's settings. */
export interface OpenRepository {
  readonly repo: RepoRef;
  readonly folders: RepoFolders;
  readonly settings: RepositorySettings;
}

/** Open a served repository. Throws `Failure` code `repository-gone` when it is not served. */
export async function openRepository(stateDir: string, repo: RepoRef): Promise<OpenRepository> {
  const folders = repoFolders(stateDir, repo);
  const settings = await readJson(folders.settings, RepositorySettings);
  if (settings === null) {
    throw new Failure('repository-gone', `the local forge does not serve ${repo.owner}/${repo.name}: create it first`);
  }
  return { repo, folders, settings };
}

/** Names of all served repositories, sorted. */
export async function servedRepositories(stateDir: string): Promise<readonly RepoRef[]> {
  const found: RepoRef[] = [];
  for (const owner of await namesIn(forgeRoot(stateDir))) {
    for (const name of await namesIn(join(forgeRoot(stateDir), owner))) {
      if ((await namesIn(join(forgeRoot(stateDir), owner, name))).includes('settings.json')) {
        found.push({ owner, name });
      }
    }
  }
  return found;
}

/** Branches below a prefix with their heads. */
export async function listBranches(
  gitDir: string,
  prefix: string,
  limit: number,
): Promise<ReadonlyArray<{ readonly name: string; readonly headSha: string }>> {
  const format = '--format=%(objectname) %(refname:lstrip=2)';
  const output = await gitText(gitDir, ['for-each-ref', `--count=${limit}`, format, `refs/heads/${prefix}`]);
  return output.split('\n').flatMap((line) => (line === '' ? [] : [{ headSha: line.slice(0, 40), name: line.slice(41) }]));
}

/** Run `work` while nobody else changes this repository's records or branches. */
export function changing<T>(open: OpenRepository, work: () => Promise<T>): Promise<T> {
  return withLock(open.folders.lock, work);
}

/** Tell a forge service, if one watches, that something changed; its slow poll finds it otherwise. */
export function wake(stateDir: string): void {
  try {
    writeFileSync(join(forgeRoot(stateDir), '.wake'), `${Date.now()}\n`);
  } catch {
    // Only a hint: the slow poll notices the change as well.
  }
}

/** Where a pull request's record lies. */
export function pullPath(folders: RepoFolders, number: number): string {
  return join(folders.pulls, `${number}.json`);
}

/** Commit id of a branch; null when there is no such branch. */
export async function branchHead(gitDir: string, branch: string): Promise<string | null> {
  if (!isRefName(branch)) {
    return null;
  }
  const sha = await gitText(gitDir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/heads/${branch}^{commit}`], {
    accept: [1],
  });
  return /^[0-9a-f]{40}$/.test(sha) ? sha : null;
}

/** Move a branch from one commit to another in one step; false when it was not at `from` any more. The reflog remembers who. */
export async function moveBranch(gitDir: string, branch: string, from: string | null, to: string, actor: string): Promise<boolean> {
  try {
    await gitText(gitDir, ['update-ref', '--no-deref', '--create-reflog', '--stdin', '-z'], {
      stdin: `update refs/heads/${branch}\0${to}\0${from ?? '0'.repeat(40)}\0`,
      env: identityOf(actor),
    });
    return true;
  } catch (error) {
    if (error instanceof Failure && /cannot lock ref|reference already exists|is at [0-9a-f]{40} but expected/.test(error.message)) {
      return false;
    }
    throw error;
  }
}

/** Environment that makes git write in an actor's name. */
export function identityOf(actor: string): Record<string, string> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters and brackets have a meaning in git's identity lines
  const name = actor.replace(/[\u0000-\u001f\u007f<>\n]/g, '').slice(0, 100) || 'unknown';
  const email = actor === SUTURE_ACTOR ? 'suture@localhost' : `${name.replace(/[^A-Za-z0-9._-]+/g, '-')}@localhost`;
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

/** A pull request with the head that its branch has now; null when there is none of this number. */
export async function readPull(open: OpenRepository, number: number): Promise<PullRecord | null> {
  if (!Number.isSafeInteger(number) || number < 1) {
    return null;
  }
  const record = await readJson(pullPath(open.folders, number), PullRecord);
  return record === null ? null : await withHead(open, record);
}

async function withHead(open: OpenRepository, record: PullRecord): Promise<PullRecord> {
  if (record.state !== 'open' || record.fromFork) {
    return record;
  }
  const head = await branchHead(open.folders.gitDir, record.headBranch);
  return head === null || head === record.headSha ? record : { ...record, headSha: head };
}

/** All pull requests, lowest number first. */
export async function readPulls(open: OpenRepository): Promise<readonly PullRecord[]> {
  const records = await readAllJson(open.folders.pulls, PullRecord);
  return Promise.all([...records].sort((a, b) => a.number - b.number).map((record) => withHead(open, record)));
}

/** Write a pull request's record; call it while `changing`. */
export async function writePull(open: OpenRepository, record: PullRecord): Promise<void> {
  await writeJson(pullPath(open.folders, record.number), { ...record, updatedAt: new Date().toISOString() });
}

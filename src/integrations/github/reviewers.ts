import { Failure } from '../../domain/failure.ts';
import { RepoPath } from '../../domain/names.schema.ts';
import { Refusal } from './answer.ts';
import type { Api } from './api.ts';
import { readBlob } from './blobs.ts';
import { CODE_OWNERS_PATHS, codeOwners, MAX_CODE_OWNERS } from './code-owners.ts';
import { branchHead } from './revisions.ts';
import type { Trees } from './tree.ts';

/** GitHub asks no more than 15 of one pull request ("Requesting a pull request review"). */
const MAX_REVIEWERS = 15;
const MAX_PATHS = 300;

/** What is used of a pull request. */
interface Reviewed {
  readonly number: number;
  readonly user: { readonly login: string } | null;
  readonly base: { readonly ref: string };
  readonly requested_reviewers?: readonly unknown[] | null;
  readonly requested_teams?: readonly unknown[] | null;
}

async function ownersFile(api: Api, trees: Trees, branch: string): Promise<string | null> {
  const sha = await branchHead(api, branch);
  if (sha === null) return null;
  const files = await trees.of(api, sha);
  const entry = CODE_OWNERS_PATHS.map((path) => files.get(path)).find((found) => found !== undefined);
  if (entry === undefined || entry.size > MAX_CODE_OWNERS || !entry.mode.startsWith('100')) return null;
  return new TextDecoder().decode(await readBlob(api, entry.sha));
}

/** Whether GitHub took the request: that somebody cannot be asked never keeps a repair from being proposed. */
async function ask(api: Api, number: number, users: readonly string[], teams: readonly string[]): Promise<boolean> {
  try {
    await api.call('POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', {
      pull_number: number,
      ...(users.length === 0 ? {} : { reviewers: [...users] }),
      ...(teams.length === 0 ? {} : { team_reviewers: [...teams] }),
    });
    return true;
  } catch (error) {
    if ((error instanceof Refusal && [404, 422].includes(error.status)) || (error instanceof Failure && error.code === 'not-permitted'))
      return false;
    throw error;
  }
}

/**
 * Asks the owners of the changed code to review, as the base branch names them: GitHub does so by itself where it is no draft, and in
 * private repositories of some plans only. Nobody is asked where somebody was asked already: a person may have chosen.
 */
export async function askOwners(api: Api, trees: Trees, pull: Reviewed): Promise<void> {
  if ((pull.requested_reviewers?.length ?? 0) > 0 || (pull.requested_teams?.length ?? 0) > 0) return;
  const text = await ownersFile(api, trees, pull.base.ref);
  if (text === null) return;
  const files = await api.all(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
    { pull_number: pull.number },
    (data) => data,
    MAX_PATHS,
  );
  const paths = files.map((file) => file.filename).filter((path) => RepoPath.safeParse(path).success);
  const found = codeOwners(text, paths, api.repo.owner);
  const users = found.users.filter((login) => login.toLowerCase() !== pull.user?.login.toLowerCase()).slice(0, MAX_REVIEWERS);
  const teams = found.teams.slice(0, Math.max(0, MAX_REVIEWERS - users.length));
  if (users.length + teams.length === 0) return;
  if ((await ask(api, pull.number, users, teams)) || users.length + teams.length === 1) return;
  // One who is no collaborator spoils the request for all: each by themselves then.
  for (const login of users) await ask(api, pull.number, [login], []);
  for (const team of teams) await ask(api, pull.number, [], [team]);
}

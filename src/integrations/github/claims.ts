import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../lib/atomic-file.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { Claim, ForgeClaims } from '../contract.ts';
import { unless } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import { OWN_CHECK } from './check-facts.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { findComment } from './pull-requests.ts';
import { branchHead } from './revisions.ts';
import { CLAIM } from './scopes.ts';

/** GitHub's limit of a check run's summary, in characters. */
const MAX_SUMMARY = 65_000;

/** On an issue or a pull request: one comment, edited. */
async function asComment(api: Api, login: string, number: number, input: Claim): Promise<void> {
  const body = `${input.body.slice(0, MAX_SUMMARY)}\n\n${input.marker}`;
  const found = await findComment(api, login, number, input.marker);
  if (found === null) await api.call('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { issue_number: number, body });
  else if (found.body !== body) await api.call('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', { comment_id: found.id, body });
}

/** On a commit, for an App: one check run. It informs and never blocks: its conclusion is always neutral. */
async function asCheckRun(api: Api, sha: string, input: Claim): Promise<void> {
  const external = createHash('sha256').update(input.marker).digest('hex').slice(0, 40);
  const runs = await api.all(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ref: sha, check_name: OWN_CHECK, filter: 'all' },
    (data) => data.check_runs,
    200,
  );
  const found = runs.find((run) => run.external_id === external);
  const output = { title: input.title.slice(0, 200), summary: input.body.slice(0, MAX_SUMMARY) };
  const state = input.finished ? ({ status: 'completed', conclusion: 'neutral' } as const) : ({ status: 'in_progress' } as const);
  const link = input.url === undefined ? {} : { details_url: input.url };
  if (found === undefined) {
    await api.call('POST /repos/{owner}/{repo}/check-runs', {
      name: OWN_CHECK,
      head_sha: sha,
      external_id: external,
      output,
      ...state,
      ...link,
    } as never);
  } else if (found.output.summary !== output.summary || (found.status === 'completed') !== input.finished) {
    await api.call('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
      check_run_id: Number(found.id),
      output,
      ...state,
      ...link,
    } as never);
  }
}

/** GitHub's limit of a status' description, in characters. */
const MAX_DESCRIPTION = 140;

/** On a commit, without an App: one commit status, which a newer one of the same name replaces. It never says failure. */
async function asStatus(api: Api, sha: string, input: Claim): Promise<void> {
  const state = input.finished ? 'success' : 'pending';
  const description = oneLine(input.title, MAX_DESCRIPTION);
  const { data } = await api.call('GET /repos/{owner}/{repo}/commits/{ref}/status', { ref: sha, per_page: 100 });
  const found = data.statuses.find((status) => status.context === OWN_CHECK);
  if (found?.state === state && found.description === description) return;
  const link = input.url === undefined ? {} : { target_url: input.url };
  await api.call('POST /repos/{owner}/{repo}/statuses/{sha}', { sha, state, context: OWN_CHECK, description, ...link });
}

/** The live word about a healing at GitHub. Where it was put first it stays, though the branch moves on. */
export function createClaims(github: GitHubApi, stateDir: string): ForgeClaims {
  const alone = createKeyedLock();

  async function placeOf(api: Api, input: Claim): Promise<string | null> {
    const file = join(
      stateDir,
      'claims',
      `${createHash('sha256').update(`${api.repo.owner}/${api.repo.name} ${input.marker}`).digest('hex')}.sha`,
    );
    const known = await readFile(file, 'utf8').catch(() => '');
    if (/^[0-9a-f]{40}$/.test(known)) return known;
    const commit = /^sha\/([0-9a-f]{40})$/.exec(input.subject)?.[1];
    if (commit !== undefined) return commit;
    const branch = input.subject.startsWith('branch/')
      ? input.subject.slice('branch/'.length)
      : (await api.call('GET /repos/{owner}/{repo}')).data.default_branch;
    const sha = await branchHead(api, branch);
    if (sha !== null) await writeAtomically(file, sha);
    return sha;
  }

  return {
    upsert: (repo, input) =>
      alone(`${repo.owner}/${repo.name} ${input.marker}`, async () => {
        const api = github.for(repo, CLAIM);
        const number = /^(?:pr|issue)\/([1-9]\d{0,9})$/.exec(input.subject)?.[1];
        if (number !== undefined) {
          // A locked or deleted conversation is not a reason to stop healing.
          await unless([403, 404, 410], undefined, asComment(api, github.login, Number(number), input));
          return;
        }
        const sha = await placeOf(api, input);
        if (sha === null) return;
        if (github.isApp) await asCheckRun(api, sha, input);
        else await asStatus(api, sha, input);
      }),
  };
}

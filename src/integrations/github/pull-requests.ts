import type { ForgeChanges, PullRequestFacts, Refused } from '../contract.ts';
import { Refusal, unless } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import { refused } from './refused.ts';
import { askOwners } from './reviewers.ts';
import { branchHead } from './revisions.ts';
import type { Trees } from './tree.ts';
import { sameLogin } from './trust.ts';

/** Longest body that GitHub takes, less room for the marker. */
const MAX_BODY = 64_000;
/** Pull requests of the past in which a marker is looked for. */
const MAX_LISTED = 300;
/** GitHub closes a conversation for comments at 2,500: ours is among them, or it is not there. */
const MAX_COMMENTS = 3000;

/** What is used of a pull request, from a list or by itself. */
interface Pull {
  readonly number: number;
  readonly node_id: string;
  readonly html_url: string;
  readonly state: string;
  readonly title: string;
  readonly body?: string | null;
  readonly draft?: boolean;
  readonly user: { readonly login: string } | null;
  readonly base: { readonly ref: string };
  readonly head: { readonly ref: string; readonly sha: string; readonly repo: { readonly full_name: string } | null };
  readonly updated_at?: string;
  readonly merged_at?: string | null;
  readonly merge_commit_sha?: string | null;
  readonly merged_by?: { readonly login: string } | null;
  readonly labels?: ReadonlyArray<{ readonly name?: string }>;
  readonly requested_reviewers?: readonly unknown[] | null;
  readonly requested_teams?: readonly unknown[] | null;
}

/** A pull request as GitHub shows it; null when there is none. */
export async function readPull(api: Api, number: number): Promise<Pull | null> {
  if (!Number.isSafeInteger(number) || number < 1) return null;
  const answer = await unless([404], null, api.call('GET /repos/{owner}/{repo}/pulls/{pull_number}', { pull_number: number }));
  return answer === null ? null : (answer.data as Pull);
}

/** Facts of a pull request; asks who closed it when nobody merged it. */
export async function pullFacts(api: Api, pull: Pull): Promise<PullRequestFacts> {
  const { stopLabel } = api;
  const merged = pull.merged_at !== null && pull.merged_at !== undefined;
  const state = merged ? 'merged' : pull.state === 'open' ? 'open' : 'closed';
  const closedBy = state === 'closed' ? await closer(api, pull.number) : state === 'merged' ? pull.merged_by?.login : undefined;
  return {
    number: pull.number,
    url: pull.html_url,
    state,
    ...(closedBy === undefined ? {} : { closedBy }),
    title: pull.title,
    author: pull.user?.login ?? 'ghost',
    baseBranch: pull.base.ref,
    headBranch: pull.head.ref,
    headSha: pull.head.sha,
    fromFork: pull.head.repo?.full_name.toLowerCase() !== `${api.repo.owner}/${api.repo.name}`.toLowerCase(),
    ...(pull.labels?.some((label) => label.name?.toLowerCase() === stopLabel.toLowerCase()) ? { optedOut: true as const } : {}),
    ...(merged && typeof pull.merge_commit_sha === 'string' ? { mergeSha: pull.merge_commit_sha } : {}),
  };
}

async function closer(api: Api, number: number): Promise<string | undefined> {
  const issue = await unless([404, 410], null, api.call('GET /repos/{owner}/{repo}/issues/{issue_number}', { issue_number: number }));
  return issue?.data.closed_by?.login;
}

/** The newest pull request that Suture opened with this marker, an open one first. Other people's bodies prove nothing. */
export async function findMarked(api: Api, login: string, marker: string, branch?: string): Promise<Pull | null> {
  const query = { state: 'all' as const, sort: 'created' as const, direction: 'desc' as const };
  const listed = [
    ...(branch === undefined
      ? []
      : await api.all('GET /repos/{owner}/{repo}/pulls', { ...query, head: `${api.repo.owner}:${branch}` }, (data) => data, MAX_LISTED)),
    ...(await api.all('GET /repos/{owner}/{repo}/pulls', query, (data) => data, MAX_LISTED)),
  ] as readonly Pull[];
  const marked = listed.filter((pull) => pull.body?.includes(marker) === true && sameLogin(pull.user?.login, login));
  const found = marked.find((pull) => pull.state === 'open') ?? marked[0];
  // A list does not say who merged it, or as what.
  return found === undefined ? null : await readPull(api, found.number);
}

/** The newest pull request from a branch of the repository itself, an open one first. */
export async function findByBranch(api: Api, branch: string): Promise<Pull | null> {
  const query = { state: 'all' as const, head: `${api.repo.owner}:${branch}`, sort: 'created' as const, direction: 'desc' as const };
  const pulls = (await api.all('GET /repos/{owner}/{repo}/pulls', query, (data) => data, 100)) as readonly Pull[];
  return pulls.find((pull) => pull.state === 'open') ?? pulls[0] ?? null;
}

/** Open pull requests, newest change first. */
export async function openPulls(api: Api, limit: number): Promise<Array<PullRequestFacts & { readonly updatedAt: string }>> {
  const query = { state: 'open' as const, sort: 'updated' as const, direction: 'desc' as const };
  const pulls = (await api.all('GET /repos/{owner}/{repo}/pulls', query, (data) => data, limit)) as readonly Pull[];
  return Promise.all(
    pulls.map(async (pull) => ({ ...(await pullFacts(api, pull)), updatedAt: pull.updated_at ?? new Date(0).toISOString() })),
  );
}

type Opening = Parameters<ForgeChanges['open']>[1];

async function create(api: Api, input: Opening, draft: boolean): Promise<Pull | Refused> {
  const body = input.body.slice(0, MAX_BODY);
  try {
    const { data } = await api.call('POST /repos/{owner}/{repo}/pulls', {
      title: input.title.replace(/\s+/g, ' ').slice(0, 256),
      head: input.headBranch,
      base: input.baseBranch,
      body: body.includes(input.marker) ? body : `${body}\n\n${input.marker}`,
      draft,
      maintainer_can_modify: false,
    });
    return data as Pull;
  } catch (error) {
    if (!(error instanceof Refusal) || ![403, 404, 422].includes(error.status)) throw error;
    // Free plans know drafts in public repositories only.
    if (draft && /draft/i.test(error.message)) return create(api, input, false);
    return refused('not-allowed', error.message);
  }
}

async function reuse(api: Api, login: string, found: Pull, input: Opening): Promise<Pull | Refused | null> {
  const facts = await pullFacts(api, found);
  if (facts.state === 'open') return found;
  if (facts.state === 'merged') return facts.headBranch === input.headBranch ? found : null;
  if (!sameLogin(facts.closedBy, login))
    return refused('closed', `pull request ${found.number} was closed by ${facts.closedBy ?? 'a person'}`);
  if (facts.headBranch !== input.headBranch || (await branchHead(api, input.headBranch)) === null) return null;
  const reopened = await unless(
    [422],
    null,
    api.call('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { pull_number: found.number, state: 'open' }),
  );
  return reopened === null ? null : (reopened.data as Pull);
}

/** See `ForgeChanges.open`. A repeat finds what an earlier try made, also when its answer was lost. */
export async function openPull(github: GitHubApi, api: Api, trees: Trees, input: Opening): Promise<PullRequestFacts | Refused> {
  const { login } = github;
  const find = () => findMarked(api, login, input.marker, input.headBranch);
  const found = await find();
  const reused = found === null ? null : await reuse(api, login, found, input);
  if (reused !== null && 'kind' in reused) return reused;
  let pull: Pull;
  if (reused !== null) pull = reused;
  else {
    const created = await create(api, input, input.draft);
    if ('kind' in created) {
      // Somebody may have opened it in the same moment: us, in another try.
      const other = await find();
      if (other === null || other.state !== 'open') return created;
      pull = other;
    } else pull = created;
  }
  const missing = input.labels.filter((label) => pull.labels?.some((one) => one.name === label) !== true);
  if (missing.length > 0)
    await api.call('POST /repos/{owner}/{repo}/issues/{issue_number}/labels', { issue_number: pull.number, labels: missing });
  await askOwners(api, trees, pull);
  return pullFacts(api, pull);
}

/** The comment of ours on an issue or pull request that carries a marker. */
export async function findComment(
  api: Api,
  login: string,
  number: number,
  marker: string,
): Promise<{ readonly id: number; readonly body: string } | null> {
  const comments = await api.all(
    'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
    { issue_number: number },
    (data) => data,
    MAX_COMMENTS,
  );
  const found = comments.find((comment) => sameLogin(comment.user?.login, login) && comment.body?.includes(marker) === true);
  return found === undefined ? null : { id: Number(found.id), body: found.body ?? '' };
}

/** See `ForgeChanges.close`: first the reason, once, then the end. */
export async function closePull(api: Api, login: string, number: number, comment: string): Promise<void> {
  const pull = await readPull(api, number);
  if (pull === null || pull.state !== 'open') return;
  const marker = '<!-- suture-closed -->';
  if ((await findComment(api, login, number, marker)) === null) {
    const call = api.call('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      issue_number: number,
      body: `${comment.slice(0, MAX_BODY)}\n\n${marker}`,
    });
    // A locked conversation takes no reason, and is no reason to leave it open.
    await unless([403, 410], undefined, call);
  }
  await api.call('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { pull_number: number, state: 'closed' });
}

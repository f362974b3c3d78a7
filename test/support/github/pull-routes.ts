import { mergeTrees } from './merge-trees.ts';
import { markMerged, memoryOf, notMergeable, openPulls, readPull, truePull } from './pulls.ts';
import { refMoved } from './refs.ts';
import { missingChecks, requiredApprovals } from './requirements.ts';
import type { Router } from './router.ts';
import { type Identity, invalid, type Json, type Reply, refuse, reply } from './wire.ts';
import { commitOf, loginOf, type World } from './world.ts';

const moved = refuse(409, 'Head branch was modified. Review and try the merge again.');

/** Why a pull request may not be merged now; null when it may. The merge queue itself is not held up by the rule that asks for it. */
export async function mergeBarrier(world: World, repo: string, pull: Json, fromQueue = false): Promise<Reply | null> {
  const missing = await missingChecks(world, repo, pull.base.ref, pull.head.sha);
  const [first] = missing;
  if (missing.length > 1)
    return refuse(
      405,
      `${missing.length} of ${missing.length} required status checks have not succeeded: ${missing.map((one) => `${one.name} ${one.state}`).join(', ')}.`,
    );
  if (first !== undefined) return refuse(405, `Required status check "${first.name}" is ${first.state}.`);
  const wanted = await requiredApprovals(world, repo, pull.base.ref);
  if (wanted > 0) {
    const reviews: readonly Json[] = await world.upstream.admin('GET', `/repos/${repo}/pulls/${pull.number}/reviews?per_page=100`);
    const approvers = new Set(reviews.filter((review) => review.state === 'APPROVED').map((review) => review.user.login));
    if (approvers.size < wanted) return refuse(405, `At least ${wanted} approving review is required by reviewers with write access.`);
  }
  const rules = (world.rules.get(repo.toLowerCase()) ?? []).filter((rule) => rule.branch === pull.base.ref);
  if (!fromQueue && rules.some((rule) => rule.mergeQueue)) return refuse(405, 'Changes must be made through the merge queue');
  return null;
}

/** Merges as GitHub would: three ways, with the method asked for, and events of the push and the pull request. */
export async function mergePull(world: World, repo: string, number: number, body: Json, who: Identity, fromQueue = false): Promise<Reply> {
  const pull = await readPull(world, repo, number);
  if (pull === null) return refuse(404, 'Not Found');
  if (pull.state !== 'open') return notMergeable;
  if (pull.draft) return refuse(405, 'Pull Request is still a draft');
  if (body.sha !== undefined && body.sha !== pull.head.sha) return moved;
  const barrier = await mergeBarrier(world, repo, pull, fromQueue);
  if (barrier !== null) return barrier;
  const settings = await world.upstream.admin('GET', `/repos/${repo}`);
  const method = body.merge_method ?? 'merge';
  if (method === 'merge' && !settings.allow_merge_commit) return refuse(405, 'Merge commits are not allowed on this repository.');
  if (method === 'squash' && !settings.allow_squash_merge) return refuse(405, 'Squash merges are not allowed on this repository.');
  if (method === 'rebase' && !settings.allow_rebase_merge) return refuse(405, 'Rebase merges are not allowed on this repository.');
  const base = pull.base.sha as string;
  const tree = await mergeTrees(world, repo, base, pull.head.sha);
  if (tree === null) return notMergeable;
  const login = loginOf(world, who);
  const title =
    body.commit_title ??
    (method === 'merge' ? `Merge pull request #${number} from ${pull.head.label.replace(':', '/')}` : `${pull.title} (#${number})`);
  const commit = await world.upstream.admin('POST', `/repos/${repo}/git/commits`, {
    message: `${title}\n\n${body.commit_message ?? pull.title}`,
    tree,
    parents: method === 'merge' ? [base, pull.head.sha] : [base],
    author: { name: login, email: `${login}@users.noreply.github.com`, date: new Date(world.now()).toISOString() },
  });
  // Somebody may have pushed meanwhile: the update is a compare and swap.
  if ((await commitOf(world, repo, `refs/heads/${pull.base.ref}`)) !== base)
    return refuse(405, 'Base branch was modified. Review and try the merge again.');
  await world.upstream.admin('PATCH', `/repos/${repo}/git/refs/heads/${encodeURIComponent(pull.base.ref)}`, {
    sha: commit.sha,
    force: false,
  });
  await markMerged(world, repo, number, commit.sha, login);
  await refMoved(world, repo, `refs/heads/${pull.base.ref}`, base, commit.sha, who);
  if (settings.delete_branch_on_merge && pull.head.repo?.full_name === repo) {
    await world.upstream.admin('DELETE', `/repos/${repo}/git/refs/heads/${encodeURIComponent(pull.head.ref)}`);
    await refMoved(world, repo, `refs/heads/${pull.head.ref}`, pull.head.sha, '0'.repeat(40), who);
  }
  return reply(200, { sha: commit.sha, merged: true, message: 'Pull Request successfully merged' });
}

async function openPull(world: World, repo: string, body: Json, target: string, who: Identity): Promise<Reply> {
  const [owner, branch] = String(body.head).includes(':') ? String(body.head).split(':', 2) : [repo.split('/')[0], String(body.head)];
  const headRepo = owner === repo.split('/')[0] ? repo : `${owner}/${repo.split('/')[1]}`;
  const [head, base] = await Promise.all([
    commitOf(world, headRepo, `refs/heads/${branch}`),
    commitOf(world, repo, `refs/heads/${body.base}`),
  ]);
  if (head === null) return invalid('PullRequest', { field: 'head', code: 'invalid' });
  if (base === null) return invalid('PullRequest', { field: 'base', code: 'invalid' });
  const custom = (message: string): Reply => invalid('PullRequest', { code: 'custom', message });
  if (
    (await openPulls(world, repo)).some(
      (pull) => pull.head.ref === branch && pull.base.ref === body.base && pull.head.repo?.full_name === headRepo,
    )
  )
    return custom(`A pull request already exists for ${owner}:${branch}.`);
  if (headRepo === repo) {
    const compared = await world.upstream.find(`/repos/${repo}/compare/${base}...${head}`);
    if (compared !== null && compared.ahead_by === 0) return custom(`No commits between ${body.base} and ${branch}`);
  }
  const answer = await world.upstream.send('POST', target, body, who);
  return answer.status === 201 ? { ...answer, body: await truePull(world, repo, answer.body, true) } : answer;
}

/** Pull requests: `emulate` keeps them; heads, conflicts, refusals and merges are as at GitHub. */
export function pullRoutes(router: Router, world: World): void {
  const { upstream } = world;
  const numberOf = (params: Readonly<Record<string, string>>): number => Number(params['pull_number']);
  router.on('GET /repos/{owner}/{repo}/pulls', async (ask) => {
    const answer = await upstream.send('GET', ask.target, null, ask.who);
    if (answer.status !== 200) return answer;
    return { ...answer, body: await Promise.all(answer.body.map((pull: Json) => truePull(world, ask.repo, pull, false))) };
  });
  router.on('GET /repos/{owner}/{repo}/pulls/{pull_number}', async (ask) => {
    const answer = await upstream.send('GET', ask.target, null, ask.who);
    return answer.status === 200 ? { ...answer, body: await truePull(world, ask.repo, answer.body, true) } : answer;
  });
  router.on('POST /repos/{owner}/{repo}/pulls', (ask) => openPull(world, ask.repo, ask.body, ask.target, ask.who));
  router.on('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', async (ask) => {
    const before = await readPull(world, ask.repo, numberOf(ask.params));
    if (before === null) return refuse(404, 'Not Found');
    if (ask.body.state === 'open' && before.merged)
      return invalid('PullRequest', {
        code: 'custom',
        field: 'state',
        message: 'state cannot be changed. The pull request cannot be reopened.',
      });
    const answer = await upstream.send('PATCH', ask.target, ask.body, ask.who);
    return answer.status === 200 ? { ...answer, body: await truePull(world, ask.repo, answer.body, true) } : answer;
  });
  router.on('GET /repos/{owner}/{repo}/pulls/{pull_number}/merge', async (ask) => {
    const pull = await readPull(world, ask.repo, numberOf(ask.params));
    return pull?.merged === true ? reply(204) : refuse(404, 'Not Found');
  });
  router.on('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', async (ask) => {
    if (ask.who.kind === 'installation' && ask.who.permissions['contents'] !== 'write')
      return refuse(403, 'Resource not accessible by integration');
    return mergePull(world, ask.repo, numberOf(ask.params), ask.body ?? {}, ask.who);
  });
  router.on('GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls', async (ask) => {
    const all: readonly Json[] = await upstream.admin('GET', `/repos/${ask.repo}/pulls?state=all&per_page=100`);
    const shown = await Promise.all(all.map((pull) => truePull(world, ask.repo, pull, false)));
    const sha = ask.params['commit_sha'];
    return reply(
      200,
      shown.filter((pull) => pull.head.sha === sha || pull.merge_commit_sha === sha),
    );
  });
}

/** Merges what was waiting for its checks, in GitHub's name for the App that asked. */
export async function autoMerge(world: World, repo: string): Promise<void> {
  const who: Identity = { kind: 'installation', authorization: '', token: '', permissions: {}, repositories: null };
  for (const pull of await openPulls(world, repo)) {
    const { autoMerge: wanted } = memoryOf(world, repo, pull.number);
    if (wanted !== null) await mergePull(world, repo, pull.number, { merge_method: wanted.merge_method }, who, true);
  }
}

import type { Router } from './router.ts';
import { type Json, page, refuse, reply } from './wire.ts';
import { commitOf, senderJson, stamp, type World } from './world.ts';

/** Latest status of each context on a commit, newest first. */
export function statusesOf(world: World, repo: string, sha: string): readonly Json[] {
  const seen = new Set<string>();
  return (world.statuses.get(`${repo.toLowerCase()}@${sha}`) ?? []).filter(
    (status) => !seen.has(status.context) && seen.add(status.context),
  );
}

/** Branches whose head a commit is, as status events name them; GitHub names those that merely contain it too. */
async function branchesAt(world: World, repo: string, sha: string): Promise<readonly Json[]> {
  const branches: readonly Json[] = await world.upstream.admin('GET', `/repos/${repo}/branches?per_page=100`);
  return branches
    .filter((branch) => branch.commit.sha === sha)
    .slice(0, 10)
    .map(({ name, protected: held }) => ({
      name,
      commit: { sha, url: `${world.url}/repos/${repo}/commits/${sha}` },
      protected: held === true,
    }));
}

/** Commit statuses, which `emulate` does not have. */
export function statusRoutes(router: Router, world: World): void {
  router.on('POST /repos/{owner}/{repo}/statuses/{sha}', async (ask) => {
    const { repo, body } = ask;
    const sha = ask.params['sha'] ?? '';
    const commit = await world.upstream.find(`/repos/${repo}/commits/${sha}?per_page=1`);
    if (commit === null) return refuse(422, `No commit found for SHA: ${sha}`);
    const id = world.nextId();
    const status = {
      url: `${world.url}/repos/${repo}/statuses/${sha}`,
      avatar_url: '',
      id,
      node_id: `SC_${id}`,
      state: body.state,
      description: body.description ?? null,
      target_url: body.target_url ?? null,
      context: body.context ?? 'default',
      created_at: stamp(world.now()),
      updated_at: stamp(world.now()),
      creator: senderJson(world, ask.who),
    };
    const key = `${repo.toLowerCase()}@${sha}`;
    world.statuses.set(key, [status, ...(world.statuses.get(key) ?? [])]);
    await world.emit(
      'status',
      repo,
      {
        id,
        sha,
        name: repo,
        avatar_url: '',
        target_url: status.target_url,
        context: status.context,
        description: status.description,
        state: status.state,
        commit,
        branches: await branchesAt(world, repo, sha),
        created_at: status.created_at,
        updated_at: status.updated_at,
      },
      ask.who,
    );
    await world.settle(repo, sha);
    return reply(201, status);
  });
  router.on('GET /repos/{owner}/{repo}/commits/{ref}/statuses', async (ask) => {
    const sha = await commitOf(world, ask.repo, ask.params['ref'] ?? '');
    return sha === null ? refuse(404, 'Not Found') : page(ask, world.url, world.statuses.get(`${ask.repo.toLowerCase()}@${sha}`) ?? []);
  });
  router.on('GET /repos/{owner}/{repo}/commits/{ref}/status', async (ask) => {
    const sha = await commitOf(world, ask.repo, ask.params['ref'] ?? '');
    if (sha === null) return refuse(404, 'Not Found');
    const statuses = statusesOf(world, ask.repo, sha);
    const states = new Set(statuses.map((status) => status.state));
    const state =
      states.has('error') || states.has('failure') ? 'failure' : statuses.length === 0 || states.has('pending') ? 'pending' : 'success';
    const repository = await world.upstream.admin('GET', `/repos/${ask.repo}`);
    return page(ask, world.url, statuses, (some, total) => ({
      state,
      statuses: some,
      sha,
      total_count: total,
      repository,
      commit_url: `${world.url}/repos/${ask.repo}/commits/${sha}`,
      url: `${world.url}/repos/${ask.repo}/commits/${sha}/status`,
    }));
  });
}

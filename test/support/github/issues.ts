import { memoryOf } from './pulls.ts';
import type { Router } from './router.ts';
import { type Json, type Reply, refuse } from './wire.ts';
import type { World } from './world.ts';

/** An issue as GitHub shows it: `emulate` does not say which are pull requests. */
export async function trueIssue(world: World, repo: string, issue: Json): Promise<Json> {
  const pull = await world.upstream.find(`/repos/${repo}/pulls/${issue.number}`);
  if (pull === null) return issue;
  const { url, html_url, diff_url, patch_url } = pull;
  return {
    ...issue,
    pull_request: { url, html_url, diff_url, patch_url, merged_at: memoryOf(world, repo, issue.number).merged?.at ?? null },
  };
}

/** Issues, pull requests among them marked. */
export function issueRoutes(router: Router, world: World): void {
  const one = async (repo: string, answer: Reply): Promise<Reply> =>
    answer.status === 200 ? { ...answer, body: await trueIssue(world, repo, answer.body) } : answer;
  for (const operation of ['GET /repos/{owner}/{repo}/issues/{issue_number}', 'PATCH /repos/{owner}/{repo}/issues/{issue_number}'])
    router.on(operation, async (ask) => one(ask.repo, await world.upstream.send(ask.method, ask.target, ask.body, ask.who)));
  router.on('GET /repos/{owner}/{repo}/issues', async (ask) => {
    const answer = await world.upstream.send('GET', ask.target, null, ask.who);
    return answer.status === 200
      ? { ...answer, body: await Promise.all(answer.body.map((issue: Json) => trueIssue(world, ask.repo, issue))) }
      : answer;
  });
  // GitHub looks a revision up and does not say 404 of it.
  router.on('GET /repos/{owner}/{repo}/commits/{ref}', async (ask) => {
    const answer = await world.upstream.send(
      'GET',
      ask.target,
      null,
      ask.who,
      ask.headers['accept'] === undefined ? {} : { accept: ask.headers['accept'] },
    );
    return answer.status === 404 ? refuse(422, `No commit found for SHA: ${ask.params['ref']}`) : answer;
  });
}

import { truePull } from './pulls.ts';
import type { Router } from './router.ts';
import { type Json, refuse } from './wire.ts';
import type { World } from './world.ts';

/** Who may be asked to review: collaborators other than the author. */
export function reviewerRoutes(router: Router, world: World): void {
  const path = '/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers';
  router.on(`POST ${path}`, async (ask) => {
    const wanted: readonly string[] = ask.body?.reviewers ?? [];
    const pull = await world.upstream.find(`/repos/${ask.repo}/pulls/${ask.params['pull_number']}`);
    if (pull === null) return refuse(404, 'Not Found');
    if (wanted.includes(pull.user?.login)) return refuse(422, 'Review cannot be requested from pull request author.');
    const collaborators: readonly Json[] = await world.upstream.admin('GET', `/repos/${ask.repo}/collaborators?per_page=100`);
    const known = new Set(collaborators.map((one) => String(one.login).toLowerCase()));
    if (wanted.some((login) => !known.has(login.toLowerCase())))
      return refuse(
        422,
        `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${ask.repo} repository.`,
      );
    const answer = await world.upstream.send('POST', ask.target, ask.body, ask.who);
    if (answer.status >= 400) return answer;
    const shown = await truePull(world, ask.repo, answer.body, true);
    for (const requested_reviewer of shown.requested_reviewers.filter((one: Json) => wanted.includes(one.login)))
      await world.emit(
        'pull_request',
        ask.repo,
        { action: 'review_requested', number: shown.number, requested_reviewer, pull_request: shown },
        ask.who,
      );
    return { ...answer, status: 201, body: await truePull(world, ask.repo, answer.body, false) };
  });
}

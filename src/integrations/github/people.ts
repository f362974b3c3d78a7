import type { ForgePeople } from '../contract.ts';
import { unless } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { findComment } from './pull-requests.ts';
import { CLAIM, READ, TEAMS } from './scopes.ts';

const REACTIONS = { seen: 'eyes', done: '+1', refused: 'confused' } as const;

const isLogin = (login: string): boolean => /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/.test(login);

/** People at GitHub. Rights are asked for each time: what a delivery says of its author may be old, and a collaborator may only read. */
export function createPeople(github: GitHubApi): ForgePeople {
  const alone = createKeyedLock();
  return {
    async trust(repo, login) {
      if (!isLogin(login)) return 'outsider';
      const answer = await unless(
        [404],
        null,
        github.for(repo, READ).call('GET /repos/{owner}/{repo}/collaborators/{username}/permission', { username: login }),
      );
      // `role_name` tells triage from read and maintain from write; `permission` is the older, coarser word.
      switch (answer?.data.role_name ?? answer?.data.permission) {
        case 'admin':
        case 'maintain':
        case 'write':
          return 'maintainer';
        case 'triage':
          return 'collaborator';
        default:
          return answer?.data.permission === 'write' || answer?.data.permission === 'admin' ? 'maintainer' : 'outsider';
      }
    },
    async groups(repo, login, wanted) {
      const found: string[] = [];
      const gone: string[] = [];
      if (!isLogin(login)) return { in: found, gone };
      for (const group of wanted) {
        const [, org = '', team = ''] = /^github-team:([^/]+)\/([^/]+)$/.exec(group) ?? [];
        // A team of somebody else's organisation says nothing about this repository.
        if (org.toLowerCase() !== repo.owner.toLowerCase()) continue;
        const api = github.for(repo, TEAMS);
        const call = api.call('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', { org, team_slug: team, username: login });
        const membership = await unless([404], null, call);
        // Whoever was invited and has not accepted is not in it yet.
        if (membership?.data.state === 'active') found.push(group);
        if (membership !== null) continue;
        // GitHub answers the same for somebody who is not in it and for a team that is not there: then nobody could ever approve.
        const known = await unless([404], null, api.call('GET /orgs/{org}/teams/{team_slug}', { org, team_slug: team }));
        if (known === null) gone.push(group);
      }
      return { in: found, gone };
    },
    async react(repo, comment, reaction) {
      if (!/^[1-9]\d{0,18}$/.test(comment)) return;
      const call = github.for(repo, CLAIM).call('POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
        comment_id: Number(comment),
        content: REACTIONS[reaction],
      });
      // Gone, or in a conversation that was locked.
      await unless([403, 404, 410, 422], undefined, call);
    },
    answer: (repo, number, marker, body) =>
      alone(`${repo.owner}/${repo.name}#${number} ${marker}`, async () => {
        const api = github.for(repo, CLAIM);
        if ((await findComment(api, github.login, number, marker)) !== null) return;
        const call = api.call('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
          issue_number: number,
          body: `${body.slice(0, 60_000)}\n\n${marker}`,
        });
        // What was done holds, whether it can be said where it was asked for or not.
        await unless([403, 404, 410], undefined, call);
      }),
  };
}

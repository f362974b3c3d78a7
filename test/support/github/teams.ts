import type { Router } from './router.ts';
import { type Ask, type Json, type Reply, refuse } from './wire.ts';
import type { World } from './world.ts';

/** Teams of the organisation: `emulate` has them, without invitations that wait and without the permission that an App needs. */
export function teamRoutes(router: Router, world: World): void {
  const barred = ({ who }: Ask): Reply | null =>
    who.kind === 'installation' && who.permissions['members'] === undefined ? refuse(403, 'Resource not accessible by integration') : null;
  router.on('GET /orgs/{org}/teams/{team_slug}', async (ask) => barred(ask) ?? world.upstream.send('GET', ask.target, null, 'admin'));
  router.on('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', async (ask) => {
    const refused = barred(ask);
    if (refused !== null) return refused;
    const answer = await world.upstream.send('GET', ask.target, null, 'admin');
    const { team_slug: team, username } = ask.params;
    const waits = world.invitations.has(`${team}/${username?.toLowerCase()}`);
    return answer.status === 200 && waits ? { ...answer, body: { ...answer.body, state: 'pending' } } : answer;
  });
}

/** What the owners of the organisation do with its teams. */
export interface Teams {
  /** A team with its members; those who are `pending` were invited and have not accepted. */
  create(slug: string, members: Readonly<Record<string, 'active' | 'pending'>>): Promise<void>;
  remove(slug: string): Promise<void>;
}

/** Hands in an organisation. */
export function teamsOf(world: World): Teams {
  const at = `/orgs/${world.org}/teams`;
  return {
    async create(slug, members) {
      await world.upstream.admin('POST', at, { name: slug });
      for (const [login, state] of Object.entries(members) as ReadonlyArray<[string, Json]>) {
        await world.upstream.admin('PUT', `${at}/${slug}/memberships/${login}`, { role: 'member' });
        if (state === 'pending') world.invitations.add(`${slug}/${login.toLowerCase()}`);
      }
    },
    remove: async (slug) => void (await world.upstream.admin('DELETE', `${at}/${slug}`)),
  };
}

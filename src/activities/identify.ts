import { groupsOf } from '../domain/approvers.ts';
import { Failure } from '../domain/failure.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { Actor } from '../domain/signal.schema.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Prefix of the groups that the forge knows. */
const FORGE_GROUPS = 'github-team:';

/** Which of these groups of the forge somebody is in; asked only where a policy names one. */
export async function forgeGroups(
  { forge, log }: Pick<ActivityDeps, 'forge' | 'log'>,
  repo: RepoRef,
  id: string,
  approvers: readonly string[],
): Promise<{ readonly groups: Pick<Actor, 'groups'> /** Why somebody may be in none of them. */; readonly note?: string }> {
  const named = groupsOf(approvers, FORGE_GROUPS);
  const none = { groups: {} };
  if (named.length === 0 || forge.people.groups === undefined) return none;
  try {
    const { in: groups, gone } = await forge.people.groups(repo, id, named);
    const note = gone.length === 0 ? undefined : `${gone.join(', ')} does not exist (any more): mend \`approvers\` in .github/suture.yml`;
    if (note !== undefined) log.warn({ gone }, 'the policy names groups among its approvers that do not exist');
    return {
      groups: groups.length === 0 ? {} : { groups: [...groups].slice(0, 50) },
      ...(note === undefined ? {} : { note }),
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'not-permitted') throw error;
    // Who is named by id or role can still decide.
    log.warn({ groups: named, reason: error.message }, 'the forge does not tell who is in these groups; see docs/approvals.md');
    return { ...none, note: `the forge does not tell who is in ${named.join(', ')}; see docs/approvals.md` };
  }
}

/** Who that is, asked of the place that their id names: `slack:U…` of that desk, everybody else of the forge. */
export function identifyActivities(deps: ActivityDeps): Pick<Activities, 'identifyActor'> {
  return {
    async identifyActor({ repo, id, groups }) {
      const place = id.includes(':') ? deps.desks.get(id.slice(0, id.indexOf(':'))) : undefined;
      if (place !== undefined) return await place.identify(repo, id);
      const trust = await deps.forge.people.trust(repo, id);
      return { id, trust, ...(trust === 'outsider' ? {} : (await forgeGroups(deps, repo, id, groups)).groups) };
    },
  };
}

import type { Incident } from '../domain/incident.schema.ts';
import type { ActivityDeps } from './deps.ts';

/** Whether the failing check is red on the default branch, too; null where that is the branch itself, or nobody ran it there. */
export async function baseRed({ forge }: Pick<ActivityDeps, 'forge'>, { repo, targetBranch, failing }: Incident): Promise<boolean | null> {
  const { defaultBranch } = await forge.repositories.describe(repo);
  if (defaultBranch === targetBranch) return null;
  const head = await forge.repositories.resolve(repo, defaultBranch);
  if (head === null) return null;
  const check = (await forge.checks.list(repo, head)).find(({ name }) => name === failing.name);
  if (check?.status !== 'completed') return null;
  return check.conclusion === 'failure' || check.conclusion === 'timed-out';
}

/** Head of the default branch. */
export async function defaultHead({ forge }: Pick<ActivityDeps, 'forge'>, { repo }: Pick<Incident, 'repo'>): Promise<string | null> {
  const { defaultBranch } = await forge.repositories.describe(repo);
  return forge.repositories.resolve(repo, defaultBranch);
}

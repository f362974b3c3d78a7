import type { Incident } from '../domain/incident.schema.ts';
import type { ActivityDeps } from './deps.ts';

/** The default branch as it is now. */
export interface DefaultBranch {
  readonly name: string;
  /** Null where nobody can tell. */
  readonly head: string | null;
}

/** Asks the forge for the default branch. */
export async function readDefaultBranch({ forge }: Pick<ActivityDeps, 'forge'>, { repo }: Pick<Incident, 'repo'>): Promise<DefaultBranch> {
  const { defaultBranch: name } = await forge.repositories.describe(repo);
  return { name, head: await forge.repositories.resolve(repo, name) };
}

/** Whether the failing check is red on the default branch, too; null where that is the branch itself, or nobody ran it there. */
export async function baseRed(
  { forge }: Pick<ActivityDeps, 'forge'>,
  { repo, targetBranch, failing }: Incident,
  { name: defaultBranch, head }: DefaultBranch,
): Promise<boolean | null> {
  if (defaultBranch === targetBranch || head === null) return null;
  const check = (await forge.checks.list(repo, head)).find(({ name }) => name === failing.name);
  if (check?.status !== 'completed') return null;
  return check.conclusion === 'failure' || check.conclusion === 'timed-out';
}

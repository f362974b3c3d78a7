import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import { FAILURES, Failure } from '../domain/failure.ts';
import type { ArtifactRef, RepoRef } from '../domain/names.schema.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { getChangeSet } from './stored.ts';

/** The redacted diff of a change set as an artifact; null when it cannot be made, which never keeps people from being told. `insist`: a forge that is away for a moment is no reason to go without. */
export async function storeDiff(
  deps: Pick<ActivityDeps, 'artifacts' | 'forge' | 'redact' | 'log'>,
  repo: RepoRef,
  changeSet: ChangeSetRef,
  insist = false,
): Promise<ArtifactRef | null> {
  try {
    return await deps.artifacts.put(
      deps.redact(await deps.forge.repositories.diff(repo, await getChangeSet(deps, changeSet))),
      'text/x-diff',
    );
  } catch (error) {
    if (insist && error instanceof Failure && FAILURES[error.code].retry) throw error;
    deps.log.warn({ err: error }, 'the diff of a change could not be made');
    return null;
  }
}

/** What a person reads before they decide. */
export function presentChangeActivities(deps: ActivityDeps): Pick<Activities, 'presentChange'> {
  return {
    async presentChange({ repo, changeSet }) {
      return { diff: await storeDiff(deps, repo, changeSet, true) };
    },
  };
}

import type { z } from 'zod';
import { ChangeSet, type ChangeSetRef } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import { stableJson } from '../lib/stable-json.ts';
import type { ActivityDeps } from './deps.ts';

type Artifacts = Pick<ActivityDeps, 'artifacts'>;

/** Largest single file that a change may touch, in bytes: lock files of big repositories have several MB. */
export const MAX_FILE_BYTES = 16 * 1024 ** 2;

/** Media type of everything that we keep as JSON. */
export const JSON_TYPE = 'application/json';

/** Stores a value as canonical JSON: equal values have equal references. */
export function putJson({ artifacts }: Artifacts, value: unknown): Promise<ArtifactRef> {
  return artifacts.put(stableJson(value), JSON_TYPE);
}

/** Reads a JSON artifact back. Throws `Failure` code `artifact-missing` when it is not what its reader expects. */
export async function getJson<Schema extends z.ZodType>(
  { artifacts }: Artifacts,
  ref: ArtifactRef,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = new TextDecoder().decode(await artifacts.get(ref));
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure(
      'artifact-missing',
      `artifact ${ref.sha256} does not hold what was expected there; it was written by another version: start the healing again`,
      { cause: error },
    );
  }
}

/** The change set that a reference names: the very bytes that were approved and proven, on the base that was meant. */
export async function getChangeSet(deps: Artifacts, ref: ChangeSetRef): Promise<ChangeSet> {
  if (ref.artifact.sha256 !== ref.hash) {
    throw new Failure('plan-invalid', 'a change set and its hash do not belong together');
  }
  const changeSet = await getJson(deps, ref.artifact, ChangeSet);
  if (changeSet.base !== ref.base) {
    throw new Failure('plan-invalid', 'a change set stands on another base than its reference says');
  }
  return changeSet;
}

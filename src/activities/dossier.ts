import { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { Incident, type ProvingCommand } from '../domain/incident.schema.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { ActivityDeps } from './deps.ts';
import { getJson, putJson } from './stored.ts';

/** The problem with the rules that it is judged by, as they were when it was read: what every later step works from. */
export const Dossier = z.object({ incident: Incident, policy: RepositoryPolicy });
export type Dossier = z.infer<typeof Dossier>;

/** Stores a dossier. */
export function writeDossier(deps: Pick<ActivityDeps, 'artifacts'>, dossier: Dossier): Promise<ArtifactRef> {
  return putJson(deps, Dossier.parse(dossier));
}

/** Reads a dossier back. */
export function readDossier(deps: Pick<ActivityDeps, 'artifacts'>, ref: ArtifactRef): Promise<Dossier> {
  return getJson(deps, ref, Dossier);
}

/** A command of the dossier by its name. Throws `Failure` code `plan-invalid` when it has none. */
export function commandOf({ incident }: Dossier, name: string): ProvingCommand {
  const command = [incident.failing, ...incident.wider].find((candidate) => candidate.name === name);
  if (command === undefined) {
    throw new Failure('plan-invalid', `the dossier has no command ${JSON.stringify(name.slice(0, 100))}`);
  }
  return command;
}

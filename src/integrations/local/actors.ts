import type { ActorTrust } from '../../domain/signal.schema.ts';
import type { RepositorySettings } from './records.schema.ts';

/** Name under which Suture acts on this forge. */
export const SUTURE_ACTOR = 'suture[bot]';

/** Name of the forge's own machinery. */
export const FORGE_ACTOR = 'local-forge';

/** Prefix of the branches that Suture makes. */
export const SUTURE_BRANCHES = 'suture/';

/** How far an actor is trusted, by the owner's lists; a name of the forge itself cannot be claimed by listing it. */
export function trustOf(settings: RepositorySettings, actor: string): ActorTrust {
  if (actor === SUTURE_ACTOR || actor === FORGE_ACTOR) {
    return 'system';
  }
  if (settings.maintainers.includes(actor)) {
    return 'maintainer';
  }
  return settings.collaborators.includes(actor) ? 'collaborator' : 'outsider';
}

import type { Forge } from '../contract.ts';
import { createChanges } from './changes.ts';
import { createChecks } from './checks.ts';
import { createClaims } from './claims.ts';
import { createDeployments } from './deployments.ts';
import { createPeople } from './people.ts';
import { createRepositories } from './repositories.ts';

/** The local forge over the records of a state folder. Keeps nothing in memory, so that several processes may use one folder. */
export function createLocalForge(stateDir: string): Forge {
  return {
    repositories: createRepositories(stateDir),
    checks: createChecks(stateDir),
    changes: createChanges(stateDir),
    deployments: createDeployments(stateDir),
    claims: createClaims(stateDir),
    people: createPeople(stateDir),
  };
}

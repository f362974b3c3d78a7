import { Failure } from '../domain/failure.ts';
import { judgeHealth } from '../domain/policy/judge-health.ts';
import { judgeWatched } from '../domain/policy/judge-watched.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { measure } from './measure.ts';

function declaredService(policy: RepositoryPolicy, service: string, environment: string): RepositoryPolicy['services'][number] {
  const declared = policy.services.find((candidate) => candidate.name === service && candidate.environment === environment);
  if (declared === undefined) {
    throw new Failure('configuration-invalid', `the policy does not declare the service ${service} in ${environment}`);
  }
  return declared;
}

/** Watching production after the deployment. */
export function verifyActivities(deps: ActivityDeps): Pick<Activities, 'readHealth' | 'judgeHealth' | 'judgeWatched'> {
  return {
    async readHealth({ dossier, ...window }) {
      const { incident, policy } = await readDossier(deps, dossier);
      const { service } = incident;
      if (service === undefined || deps.health === null) {
        throw new Failure(
          'configuration-invalid',
          service === undefined ? 'the incident concerns no service' : 'no health source is configured',
        );
      }
      const declared = declaredService(policy, service.name, service.environment);
      return await measure({ ...deps, health: deps.health }, incident.repo, declared, window);
    },
    judgeHealth: async ({ before, after, windowMs, elapsedMs, timeoutMs }) =>
      judgeHealth({ before, after, windowMs, elapsedMs, timeoutMs }),
    judgeWatched: async ({ before, after }) => judgeWatched({ before, after }),
  };
}

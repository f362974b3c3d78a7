import { Failure } from '../domain/failure.ts';
import { judgeHealth } from '../domain/policy/judge-health.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { HealthReading } from '../integrations/contract.ts';
import type { Activities, HealthFacts } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';

function judged(reading: HealthReading, maxErrorRate: number): HealthFacts {
  const { at, requests, errorRate, healthy } = reading;
  // Without requests nothing was measured; a health endpoint alone can say no, but not yes.
  const ok = healthy === false ? false : errorRate === null ? null : errorRate <= maxErrorRate;
  return { at, requests, errorRate, ok };
}

function thresholdOf(policy: RepositoryPolicy, service: string, environment: string): number {
  const declared = policy.services.find((candidate) => candidate.name === service && candidate.environment === environment);
  if (declared === undefined) {
    throw new Failure('configuration-invalid', `the policy does not declare the service ${service} in ${environment}`);
  }
  return declared.maxErrorRate;
}

/** Watching production after the deployment. */
export function verifyActivities(deps: ActivityDeps): Pick<Activities, 'readHealth' | 'judgeHealth'> {
  return {
    async readHealth({ dossier }) {
      const { incident, policy } = await readDossier(deps, dossier);
      const { service } = incident;
      if (service === undefined || deps.health === null) {
        throw new Failure(
          'configuration-invalid',
          service === undefined ? 'the incident concerns no service' : 'no health source is configured',
        );
      }
      const maxErrorRate = thresholdOf(policy, service.name, service.environment);
      try {
        return judged(
          await deps.health.read({ repo: incident.repo, service: service.name, environment: service.environment }),
          maxErrorRate,
        );
      } catch (error) {
        if (error instanceof Failure && error.code === 'health-unavailable') {
          // Production restarts while it is deployed: that it cannot be measured now is a reading, and the judge sees the gap.
          deps.log.info({ service: service.name, reason: deps.redact(error.message) }, 'production could not be measured');
          return { at: deps.now().toISOString(), requests: 0, errorRate: null, ok: null };
        }
        throw error;
      }
    },
    judgeHealth: async ({ before, after, windowMs, elapsedMs, timeoutMs }) =>
      judgeHealth({ before, after, windowMs, elapsedMs, timeoutMs }),
  };
}

import { Failure } from '../domain/failure.ts';
import { judgeHealth } from '../domain/policy/judge-health.ts';
import { judgeReading } from '../domain/policy/judge-reading.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';

function declaredService(policy: RepositoryPolicy, service: string, environment: string): RepositoryPolicy['services'][number] {
  const declared = policy.services.find((candidate) => candidate.name === service && candidate.environment === environment);
  if (declared === undefined) {
    throw new Failure('configuration-invalid', `the policy does not declare the service ${service} in ${environment}`);
  }
  return declared;
}

/** Watching production after the deployment. */
export function verifyActivities(deps: ActivityDeps): Pick<Activities, 'readHealth' | 'judgeHealth'> {
  return {
    async readHealth({ dossier, since }) {
      const { incident, policy } = await readDossier(deps, dossier);
      const { service } = incident;
      if (service === undefined || deps.health === null) {
        throw new Failure(
          'configuration-invalid',
          service === undefined ? 'the incident concerns no service' : 'no health source is configured',
        );
      }
      const declared = declaredService(policy, service.name, service.environment);
      const { latency, cpu } = declared.monitors ?? {};
      try {
        const reading = await deps.health.read({
          repo: incident.repo,
          service: service.name,
          environment: service.environment,
          ...(since === undefined ? {} : { since }),
          limits: {
            ...(latency === undefined ? {} : { latency: latency.threshold }),
            ...(cpu === undefined ? {} : { cpu: cpu.threshold }),
          },
        });
        return judgeReading(reading, declared.maxErrorRate, deps.redact);
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

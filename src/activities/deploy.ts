import { Failure } from '../domain/failure.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import { deployByHook } from './deploy-hook.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';

type Input = Parameters<Activities['deploy']>[0];
type Service = RepositoryPolicy['services'][number];

/** Id of a deployment that somebody else makes: known by environment and commit only. */
const WATCHED = /^watch:([^\s:]{1,100}):([0-9a-f]{40})$/;
/** Id of a deployment that a call of the server's owner made, and said so. */
const CALLED = /^hook:([^\s:]{1,100}):([0-9a-f]{40})$/;

/** Begins a deployment the way that the policy names. */
async function begin(
  deps: ActivityDeps,
  input: Input,
  service: Service | undefined,
  branch: string,
): Promise<{ readonly id: string; readonly state: string }> {
  const { forge, records } = deps;
  const { repo, sha, environment, key, wasLive = false } = input;
  switch (service?.deploy ?? 'create') {
    case 'hook':
      return service !== undefined && (await deployByHook(deps, input, service))
        ? { id: `hook:${environment}:${sha}`, state: 'success' }
        : { id: `watch:${environment}:${sha}`, state: 'queued' };
    case 'create':
      return forge.deployments.create(repo, { sha, environment, key, wasLive });
    case 'watch':
      return { id: `watch:${environment}:${sha}`, state: 'queued' };
    case 'workflow': {
      if (service?.workflow === undefined || forge.deployments.dispatch === undefined) {
        throw new Failure(
          'policy-invalid',
          service?.workflow === undefined
            ? 'services[].workflow is missing in .github/suture.yml: name the workflow that deploys'
            : 'this forge has no workflows: use `deploy: create` or `deploy: watch` in .github/suture.yml',
        );
      }
      // A workflow runs on a branch: what was live before it can only bring back where an input says so.
      if (wasLive && !Object.values(service.inputs).some((value) => value.includes('$SHA')))
        return { id: `watch:${environment}:${sha}`, state: 'queued' };
      return forge.deployments.dispatch(repo, {
        workflow: service.workflow,
        branch,
        sha,
        environment,
        inputs: service.inputs,
        wasLive,
        remember: (newest) => records.putOnce(`${key}/dispatched-after`, newest),
      });
    }
  }
}

/** Bringing the merged commit to production. */
export function deployActivities(deps: ActivityDeps): Pick<Activities, 'deploy' | 'readDeployment'> {
  return {
    async deploy(input) {
      const { incident, policy } = await readDossier(deps, input.dossier);
      const service = policy.services.find(
        (candidate) => candidate.name === incident.service?.name && candidate.environment === input.environment,
      );
      const { id, state } = await begin(deps, input, service, incident.targetBranch);
      await audit(deps, {
        key: `${input.key}/created`,
        action: id.startsWith('watch:') ? 'deployment-watched' : 'deployment-created',
        healingId: input.healingId,
        repo: input.repo,
        facts: { deployment: id, sha: input.sha, environment: input.environment },
      });
      return { id, state };
    },
    async readDeployment({ repo, id }) {
      const [, called, deployed = ''] = CALLED.exec(id) ?? [];
      if (called !== undefined) return { state: 'success', detail: `${deployed.slice(0, 10)} is deployed to ${called}` };
      const [, environment, sha] = WATCHED.exec(id) ?? [];
      if (environment !== undefined) {
        const found = (await deps.forge.deployments.list(repo, environment)).find((deployment) => deployment.sha === sha);
        return found === undefined
          ? { state: 'queued', detail: `nobody has deployed ${sha?.slice(0, 10) ?? ''} to ${environment} yet` }
          : { state: found.state, detail: oneLine(deps.redact(found.detail ?? `${environment}: ${found.state}`), 500) };
      }
      const facts = await deps.forge.deployments.get(repo, id);
      return facts === null
        ? { state: 'failure', detail: `deployment ${oneLine(id, 100)} is gone` }
        : { state: facts.state, detail: oneLine(deps.redact(facts.detail ?? `${facts.environment}: ${facts.state}`), 500) };
    },
  };
}

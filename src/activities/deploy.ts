import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Bringing the merged commit to production. */
export function deployActivities(deps: ActivityDeps): Pick<Activities, 'deploy' | 'readDeployment'> {
  return {
    async deploy({ key, healingId, repo, sha, environment }) {
      const { id, state } = await deps.forge.deployments.create(repo, { sha, environment, key });
      await audit(deps, {
        key: `${key}/created`,
        action: 'deployment-created',
        healingId,
        repo,
        facts: { deployment: id, sha, environment },
      });
      return { id, state };
    },
    async readDeployment({ repo, id }) {
      const facts = await deps.forge.deployments.get(repo, id);
      return facts === null
        ? { state: 'failure', detail: `deployment ${oneLine(id, 100)} is gone` }
        : { state: facts.state, detail: oneLine(deps.redact(facts.detail ?? `${facts.environment}: ${facts.state}`), 500) };
    },
  };
}

import type { CommitFacts, ServiceFacts } from '../domain/incident.schema.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { DeploymentFacts } from '../integrations/contract.ts';
import type { ActivityDeps } from './deps.ts';

type Declared = RepositoryPolicy['services'][number];

/** The deployments of an environment, newest first. */
export type DeploymentsOf = (environment: string) => Promise<readonly DeploymentFacts[]>;

/** Asks the forge once for each environment, however often it is wanted. */
export function deploymentsOf({ forge }: Pick<ActivityDeps, 'forge'>, repo: RepoRef): DeploymentsOf {
  const known = new Map<string, Promise<readonly DeploymentFacts[]>>();
  return (environment) => {
    const listed = known.get(environment) ?? forge.deployments.list(repo, environment);
    known.set(environment, listed);
    return listed;
  };
}

async function facts(deployments: DeploymentsOf, service: Declared): Promise<ServiceFacts> {
  const live = (await deployments(service.environment)).find((deployment) => deployment.state === 'success');
  return { name: service.name, environment: service.environment, ...(live === undefined ? {} : { deployedSha: live.sha }) };
}

/** The service that an alert names, if the policy declares it; the newest alert counts. */
export async function serviceOfAlert(
  deployments: DeploymentsOf,
  policy: RepositoryPolicy,
  signals: readonly Signal[],
): Promise<ServiceFacts | undefined> {
  const named = signals.findLast((signal) => signal.service !== undefined)?.service?.toLowerCase();
  const declared = policy.services.find((service) => service.name.toLowerCase() === named);
  return declared === undefined ? undefined : facts(deployments, declared);
}

/** Without an alert: the only declared service, if what is live there holds the commits that broke. */
export async function serviceOfCommits(
  deployments: DeploymentsOf,
  policy: RepositoryPolicy,
  broken: { readonly headSha: string; readonly commits: readonly CommitFacts[] },
): Promise<ServiceFacts | undefined> {
  const [only, ...others] = policy.services;
  if (only === undefined || others.length > 0) {
    return undefined;
  }
  const service = await facts(deployments, only);
  const range = new Set([broken.headSha, ...broken.commits.map((commit) => commit.sha)]);
  return service.deployedSha !== undefined && range.has(service.deployedSha) ? service : undefined;
}

import type { CommitFacts, ServiceFacts } from '../domain/incident.schema.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { ActivityDeps } from './deps.ts';

type Declared = RepositoryPolicy['services'][number];

async function facts({ forge }: Pick<ActivityDeps, 'forge'>, repo: RepoRef, service: Declared): Promise<ServiceFacts> {
  const live = (await forge.deployments.list(repo, service.environment)).find((deployment) => deployment.state === 'success');
  return { name: service.name, environment: service.environment, ...(live === undefined ? {} : { deployedSha: live.sha }) };
}

/** The service that an alert names, if the policy declares it; the newest alert counts. */
export async function serviceOfAlert(
  deps: Pick<ActivityDeps, 'forge'>,
  repo: RepoRef,
  policy: RepositoryPolicy,
  signals: readonly Signal[],
): Promise<ServiceFacts | undefined> {
  const named = signals.findLast((signal) => signal.service !== undefined)?.service?.toLowerCase();
  const declared = policy.services.find((service) => service.name.toLowerCase() === named);
  return declared === undefined ? undefined : facts(deps, repo, declared);
}

/** Without an alert: the only declared service, if what is live there holds the commits that broke. */
export async function serviceOfCommits(
  deps: Pick<ActivityDeps, 'forge'>,
  repo: RepoRef,
  policy: RepositoryPolicy,
  broken: { readonly headSha: string; readonly commits: readonly CommitFacts[] },
): Promise<ServiceFacts | undefined> {
  const [only, ...others] = policy.services;
  if (only === undefined || others.length > 0) {
    return undefined;
  }
  const service = await facts(deps, repo, only);
  const range = new Set([broken.headSha, ...broken.commits.map((commit) => commit.sha)]);
  return service.deployedSha !== undefined && range.has(service.deployedSha) ? service : undefined;
}

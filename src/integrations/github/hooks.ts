import { unless } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import type { Permissions } from './credentials.ts';
import { servedRepositories } from './served.ts';

/** Reading a repository's webhooks and asking for deliveries again; only without an App. */
export const HOOKS: Permissions = { metadata: 'read', repository_hooks: 'write' };

/** A webhook that delivers to us: of a repository, or of its whole organisation. */
export interface HookAt {
  readonly of: 'repository' | 'organization';
  readonly id: number;
}

/** The webhook of a repository, or else of its organisation, that delivers to this address; null when there is none. */
export async function hookAt(api: Api, url: string): Promise<HookAt | null> {
  const hooks = await unless(
    [404],
    [],
    api.all('GET /repos/{owner}/{repo}/hooks', {}, (data) => data, 200),
  );
  const own = hooks.find((hook) => hook.config.url === url);
  if (own !== undefined) return { of: 'repository', id: own.id };
  // Not everybody's token may look there, and a person has none.
  const shared = await unless(
    [403, 404],
    [],
    api.all('GET /orgs/{org}/hooks', { org: api.repo.owner }, (data) => data, 200),
  );
  const found = shared.find((hook) => hook.config.url === url);
  return found === undefined ? null : { of: 'organization', id: found.id };
}

/** Our webhooks on the configured repositories and their organisations, each once. */
export async function ourHooks(
  github: GitHubApi,
  configured: readonly string[],
  url: string | undefined,
): Promise<ReadonlyArray<HookAt & { readonly api: Api }>> {
  if (url === undefined) return [];
  const found = new Map<string, HookAt & { readonly api: Api }>();
  for (const repo of await servedRepositories(github, configured)) {
    const api = github.for(repo, HOOKS);
    const hook = await hookAt(api, url);
    if (hook !== null) found.set(`${hook.of} ${hook.of === 'repository' ? repo.name : ''} ${repo.owner} ${hook.id}`, { api, ...hook });
  }
  return [...found.values()];
}

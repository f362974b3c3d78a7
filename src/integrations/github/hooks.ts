import { unless } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import type { Permissions } from './credentials.ts';
import { servedRepositories } from './served.ts';

/** Reading a repository's webhooks and asking for deliveries again; only without an App. */
export const HOOKS: Permissions = { metadata: 'read', repository_hooks: 'write' };

/** The webhook of a repository that delivers to this address; null when there is none. */
export async function hookAt(api: Api, url: string): Promise<number | null> {
  const hooks = await unless(
    [404],
    [],
    api.all('GET /repos/{owner}/{repo}/hooks', {}, (data) => data, 200),
  );
  return hooks.find((hook) => hook.config.url === url)?.id ?? null;
}

/** Our webhooks on the configured repositories. */
export async function ourHooks(
  github: GitHubApi,
  configured: readonly string[],
  url: string | undefined,
): Promise<ReadonlyArray<{ readonly api: Api; readonly id: number }>> {
  if (url === undefined) return [];
  const found: Array<{ readonly api: Api; readonly id: number }> = [];
  for (const repo of await servedRepositories(github, configured)) {
    const api = github.for(repo, HOOKS);
    const id = await hookAt(api, url);
    if (id !== null) found.push({ api, id });
  }
  return found;
}

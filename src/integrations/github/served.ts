import { RepoRef } from '../../domain/names.schema.ts';
import type { GitHubApi } from './api.ts';

/** Repositories of all installations that one walk looks at. */
const MAX_REPOSITORIES = 1000;

/** The configured repositories; without any, all that the App is installed on. */
export async function servedRepositories(github: GitHubApi, configured: readonly string[]): Promise<readonly RepoRef[]> {
  const names = configured.length > 0 || !github.isApp ? configured : await github.installed(MAX_REPOSITORIES);
  return names.flatMap((full) => {
    const [owner, name] = full.split('/');
    const parsed = RepoRef.safeParse({ owner, name });
    return parsed.success ? [parsed.data] : [];
  });
}

import { Failure } from '../../domain/failure.ts';
import { RepoPath, RepoRef as RepoRefSchema } from '../../domain/names.schema.ts';
import type { ForgeRepositories } from '../contract.ts';
import { unless } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { readBlob } from './blobs.ts';
import { type Commits, idsBetween } from './commits.ts';
import { diffOf } from './diff.ts';
import { exportTree } from './export-tree.ts';
import { revertOf } from './revert.ts';
import { resolveRevision } from './revisions.ts';
import { READ } from './scopes.ts';
import { servedRepositories } from './served.ts';
import type { Trees } from './tree.ts';

const MAX_READ = 1024 ** 2;
const MAX_COMMITS = 1000;

/** Reading repositories at GitHub. */
export function createRepositories(github: GitHubApi, trees: Trees, commits: Commits, configured: readonly string[]): ForgeRepositories {
  const open = (repo: { readonly owner: string; readonly name: string }) => {
    if (!RepoRefSchema.safeParse(repo).success) throw new Failure('repository-gone', 'this is no name of a repository');
    return github.for(repo, READ);
  };
  const entryAt = async (repo: { readonly owner: string; readonly name: string }, sha: string, path: string) =>
    RepoPath.safeParse(path).success ? (await trees.of(open(repo), sha)).get(path) : undefined;
  return {
    served: () => servedRepositories(github, configured),
    async describe(repo) {
      const answer = await unless([404, 451], null, open(repo).call('GET /repos/{owner}/{repo}'));
      if (answer === null) {
        throw new Failure('repository-gone', `${repo.owner}/${repo.name} does not exist, or the App is not installed there`);
      }
      return { defaultBranch: answer.data.default_branch, url: answer.data.html_url };
    },
    resolve: async (repo, revision) => resolveRevision(open(repo), revision),
    async readFile(repo, sha, path, maxBytes = MAX_READ) {
      const entry = await entryAt(repo, sha, path);
      if (entry === undefined) return null;
      if (entry.size > maxBytes)
        throw new Failure('too-large', `${JSON.stringify(path.slice(0, 200))} has ${entry.size} bytes; at most ${maxBytes} are read`);
      const bytes = await readBlob(open(repo), entry.sha);
      if (bytes.length > maxBytes)
        throw new Failure('too-large', `${JSON.stringify(path.slice(0, 200))} has ${bytes.length} bytes; at most ${maxBytes} are read`);
      return bytes;
    },
    fileMode: async (repo, sha, path) => (await entryAt(repo, sha, path))?.mode ?? null,
    async commits(repo, from, to, limit) {
      const api = open(repo);
      const bounded = Math.max(0, Math.min(Math.floor(limit), MAX_COMMITS));
      const ids = await idsBetween(api, from, to, bounded);
      return { commits: await commits.several(api, ids.slice(0, bounded)), truncated: ids.length > bounded };
    },
    revertOf: async (repo, sha, onto, mainline) => revertOf(open(repo), trees, commits, { sha, onto, mainline: mainline ?? 1 }),
    async exportTree(repo, sha) {
      const api = open(repo);
      return exportTree(api, sha, await trees.of(api, sha));
    },
    diff: async (repo, changeSet) => diffOf(open(repo), trees, changeSet),
  };
}

import { Failure } from '../../domain/failure.ts';
import type { CommitFacts } from '../../domain/incident.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import { unless } from './answer.ts';
import type { Api } from './api.ts';
import { Lru } from './lru.ts';

/** Paths that are kept of one commit. */
const MAX_PATHS = 50;
/** Commits read at the same time. */
const AT_ONCE = 4;
/** GitHub lists so many commits of a comparison on one page. */
const PER_PAGE = 100;

/** One commit in full. */
interface Commit {
  readonly facts: CommitFacts;
  readonly message: string;
}

/** Commits by id; each is asked for once. */
export class Commits {
  readonly #held = new Lru<Commit>(2000);

  /** Facts of one commit. Throws `revision-gone`. */
  one(api: Api, sha: string): Promise<Commit> {
    return this.#held.get(`${api.repo.owner}/${api.repo.name}@${sha}`, async () => {
      const answer = await unless([404, 409, 422], null, api.call('GET /repos/{owner}/{repo}/commits/{ref}', { ref: sha }));
      if (answer === null) throw new Failure('revision-gone', `commit ${sha.slice(0, 10)} is not in ${api.repo.owner}/${api.repo.name}`);
      const { commit, parents, files = [], author } = answer.data;
      // A renamed file touched both of its names.
      const paths = [
        ...new Set(files.flatMap((file) => [file.filename, ...(file.previous_filename === undefined ? [] : [file.previous_filename])])),
      ].sort();
      return {
        facts: {
          sha,
          parents: parents.map((parent) => parent.sha).slice(0, 16),
          author: oneLine(author?.login ?? commit.author?.name ?? 'unknown', 200),
          at: commit.committer?.date ?? commit.author?.date ?? new Date(0).toISOString(),
          subject: oneLine(commit.message.split('\n', 1)[0] ?? '', 200),
          paths: paths.filter((path) => path.length <= 500).slice(0, MAX_PATHS),
          // GitHub shows at most 300 files here.
          pathsTruncated: paths.length > MAX_PATHS || paths.some((path) => path.length > 500) || files.length >= 300,
        },
        message: commit.message,
      };
    });
  }

  /** Facts of several commits, in their order. */
  async several(api: Api, shas: readonly string[]): Promise<CommitFacts[]> {
    const facts: CommitFacts[] = [];
    for (let at = 0; at < shas.length; at += AT_ONCE) {
      const some = await Promise.all(shas.slice(at, at + AT_ONCE).map((sha) => this.one(api, sha)));
      facts.push(...some.map((commit) => commit.facts));
    }
    return facts;
  }
}

/** Ids reachable from `to` and not from `from`, newest first; one more than `limit` tells that there are more. */
export async function idsBetween(api: Api, from: string | null, to: string, limit: number): Promise<string[]> {
  if (from === to) return [];
  if (from === null) {
    const found = await api.all('GET /repos/{owner}/{repo}/commits', { sha: to }, (data) => data, limit + 1);
    return found.map((commit) => commit.sha);
  }
  const basehead = `${from}...${to}`;
  const page = (number: number) => api.call('GET /repos/{owner}/{repo}/compare/{basehead}', { basehead, per_page: PER_PAGE, page: number });
  const first = await unless([404], null, page(1));
  if (first === null)
    throw new Failure('revision-gone', `${from.slice(0, 10)} and ${to.slice(0, 10)} cannot be compared: one of them is gone`);
  // Oldest first, so the newest are on the last pages.
  const total = first.data.total_commits;
  const pages = Math.ceil(total / PER_PAGE);
  const newest: string[] = [];
  for (let number = pages; number >= 1 && newest.length <= limit; number -= 1) {
    const { data } = number === 1 ? first : await page(number);
    newest.push(...data.commits.map((commit) => commit.sha).reverse());
  }
  return newest.slice(0, limit + 1);
}

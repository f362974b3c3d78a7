import { Failure } from '../../domain/failure.ts';
import { CommitFacts } from '../../domain/incident.schema.ts';
import { ByteReader } from './byte-reader.ts';
import { assertSha, git, gitProcess, gitText } from './git.ts';
import { splitNul } from './tree.ts';

const MAX_PATHS = 50;

/** The empty tree's id, which every repository has without storing it. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Parents of a commit, first parent first. Throws `Failure` code `revision-gone` when there is no such commit. */
export async function parentsOf(gitDir: string, sha: string): Promise<readonly string[]> {
  assertSha(sha);
  const line = await gitText(gitDir, ['rev-list', '--parents', '--max-count=1', '--end-of-options', sha]);
  return line.split(' ').slice(1);
}

/** Commits reachable from `to` and not from `from`, newest first and never a parent before its child, at most `limit`. */
export async function listCommits(gitDir: string, from: string | null, to: string, limit: number): Promise<readonly string[]> {
  assertSha(to);
  if (from !== null) {
    assertSha(from);
  }
  const range = from === null ? [to] : [to, `^${from}`];
  const output = await gitText(gitDir, ['rev-list', '--topo-order', `--max-count=${limit}`, '--end-of-options', ...range]);
  return output === '' ? [] : output.split('\n');
}

interface CommitHeader {
  readonly parents: readonly string[];
  readonly author: string;
  readonly at: string;
  readonly subject: string;
}

/** Reads a commit object itself: its headers cannot be confused by whatever stands in the message. */
function parseCommit(content: string): CommitHeader {
  const end = content.indexOf('\n\n');
  const headers = (end < 0 ? content : content.slice(0, end)).split('\n');
  const message = end < 0 ? '' : content.slice(end + 2);
  const author = /^author (.*) <[^>]*> /.exec(headers.find((line) => line.startsWith('author ')) ?? '')?.[1] ?? '';
  const seconds = Number(/> (\d{1,12}) [+-]\d{4}$/.exec(headers.find((line) => line.startsWith('committer ')) ?? '')?.[1] ?? 0);
  const at = new Date(seconds * 1000);
  return {
    parents: headers.filter((line) => line.startsWith('parent ')).map((line) => line.slice(7, 47)),
    author: author.slice(0, 200),
    at: Number.isNaN(at.getTime()) ? new Date(0).toISOString() : at.toISOString(),
    subject: (message.trimStart().split('\n')[0] ?? '').slice(0, 200),
  };
}

/** Content of commits, in the order asked. */
async function readCommits(gitDir: string, shas: readonly string[]): Promise<readonly string[]> {
  const child = gitProcess(gitDir, ['cat-file', '--batch']);
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  try {
    const reader = new ByteReader(child.stdout);
    const contents: string[] = [];
    for (const sha of shas) {
      child.stdin.write(`${sha}\n`);
      const size = /^[0-9a-f]{40} commit (\d+)$/.exec((await reader.line()) ?? '')?.[1];
      const content = size === undefined ? null : await reader.bytes(Number(size));
      if (content === null || (await reader.bytes(1)) === null) {
        throw new Failure('revision-gone', `commit ${sha} is not in the repository`);
      }
      contents.push(content.toString('utf8'));
    }
    return contents;
  } finally {
    child.stdin.end();
    child.kill('SIGKILL');
  }
}

/** Paths that each commit touched against its first parent. */
async function touchedPaths(
  gitDir: string,
  commits: ReadonlyArray<{ readonly sha: string; readonly parents: readonly string[] }>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const stdin = commits.map(({ sha, parents }) => `${sha}${parents[0] === undefined ? '' : ` ${parents[0]}`}\n`).join('');
  const { stdout } = await git(gitDir, ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--root'], {
    stdin,
    maxBytes: 256 * 1024 ** 2,
  });
  const touched = new Map<string, string[]>();
  const parts = splitNul(stdout);
  let current: string[] = [];
  // A raw line starts with a colon and is followed by exactly one path; everything else is the id of the next commit.
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    if (part.startsWith(':')) {
      at += 1;
      current.push(parts[at] ?? '');
    } else {
      current = [];
      touched.set(part.trim(), current);
    }
  }
  return touched;
}

/** Facts of commits, in the order asked. */
export async function commitFacts(gitDir: string, shas: readonly string[]): Promise<readonly CommitFacts[]> {
  if (shas.length === 0) {
    return [];
  }
  const headers = (await readCommits(gitDir, shas)).map(parseCommit);
  const commits = shas.map((sha, index) => ({ sha, ...(headers[index] ?? parseCommit('')) }));
  const touched = await touchedPaths(gitDir, commits);
  return commits.map(({ sha, parents, author, at, subject }) => {
    const all = touched.get(sha) ?? [];
    const paths = all.filter((path) => path.length <= 500).slice(0, MAX_PATHS);
    return CommitFacts.parse({ sha, parents: parents.slice(0, 16), author, at, subject, paths, pathsTruncated: paths.length < all.length });
  });
}

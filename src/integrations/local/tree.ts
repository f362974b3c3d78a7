import { Failure } from '../../domain/failure.ts';
import { RepoPath } from '../../domain/names.schema.ts';
import { assertSha, git } from './git.ts';

/** One entry of a tree. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly oid: string;
  /** Bytes of a blob; 0 for anything else. */
  readonly size: number;
  readonly path: string;
}

/** Splits NUL-separated output. */
export function splitNul(output: Buffer): string[] {
  const parts = output.toString('utf8').split('\0');
  if (parts.at(-1) === '') {
    parts.pop();
  }
  return parts;
}

function parseEntry(line: string): TreeEntry | null {
  const match = /^(\d{6}) (\w+) ([0-9a-f]{40}) +(\d+|-)\t([\s\S]*)$/.exec(line);
  const [, mode, type, oid, size, path] = match ?? [];
  return mode === undefined || type === undefined || oid === undefined || size === undefined || path === undefined
    ? null
    : { mode, type, oid, size: size === '-' ? 0 : Number(size), path };
}

/** Whether a path from a tree can be written below a folder without leaving it or becoming a repository. */
export function staysInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');
}

/** Every file of a revision. Throws `Failure` code `revision-gone` when there is none. */
export async function listTree(gitDir: string, sha: string): Promise<readonly TreeEntry[]> {
  assertSha(sha);
  const { stdout } = await git(gitDir, ['ls-tree', '-r', '-z', '-l', '--full-tree', '--end-of-options', sha], {
    maxBytes: 256 * 1024 ** 2,
  });
  return splitNul(stdout)
    .map(parseEntry)
    .filter((entry) => entry !== null);
}

/** One entry at a revision; null when absent or when the path could not be in a repository. */
export async function entryAt(gitDir: string, sha: string, path: string): Promise<TreeEntry | null> {
  assertSha(sha);
  if (!RepoPath.safeParse(path).success) {
    return null;
  }
  const { stdout } = await git(gitDir, ['ls-tree', '-z', '-l', '--full-tree', '--end-of-options', sha, path]);
  const [entry] = splitNul(stdout).map(parseEntry);
  return entry?.path === path ? entry : null;
}

/** Bytes of one blob. Throws `Failure` code `too-large` above `maxBytes`. */
export async function readBlob(gitDir: string, entry: TreeEntry, maxBytes: number): Promise<Uint8Array> {
  if (entry.size > maxBytes) {
    throw new Failure(
      'too-large',
      `${JSON.stringify(entry.path.slice(0, 200))} has ${entry.size} bytes, more than the ${maxBytes} that are read`,
    );
  }
  return (await git(gitDir, ['cat-file', 'blob', entry.oid], { maxBytes: maxBytes + 1 })).stdout;
}

/** One line of a raw tree difference. */
export interface TreeDifference {
  readonly newMode: string;
  readonly newOid: string;
  readonly status: string;
  readonly path: string;
}

/** What changed from one tree to another, without guesses about renames. */
export async function compareTrees(gitDir: string, from: string, to: string): Promise<readonly TreeDifference[]> {
  assertSha(from);
  assertSha(to);
  const { stdout } = await git(gitDir, ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--end-of-options', from, to]);
  const parts = splitNul(stdout);
  const found: TreeDifference[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, newMode, , newOid, status] = (parts[at] ?? '').split(' ');
    const path = parts[at + 1];
    if (newMode !== undefined && newOid !== undefined && status !== undefined && path !== undefined) {
      found.push({ newMode, newOid, status, path });
    }
  }
  return found;
}

import { diff3Merge } from 'node-diff3';
import type { Json } from './wire.ts';
import type { World } from './world.ts';

interface Entry {
  readonly mode: string;
  readonly sha: string;
}

/** Files of a commit by path. */
export async function filesOf(world: World, repo: string, sha: string): Promise<Map<string, Entry>> {
  const { tree } = await world.upstream.admin('GET', `/repos/${repo}/git/trees/${sha}?recursive=1`);
  return new Map(
    tree.filter((entry: Json) => entry.type !== 'tree').map((entry: Json) => [entry.path, { mode: entry.mode, sha: entry.sha }]),
  );
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

async function textOf(world: World, repo: string, sha: string | undefined): Promise<string> {
  if (sha === undefined) return '';
  const blob = await world.upstream.admin('GET', `/repos/${repo}/git/blobs/${sha}`);
  return Buffer.from(blob.content, 'base64').toString('utf8');
}

/** Three-way merge of two commits; the new tree, or null on a conflict. */
export async function mergeTrees(world: World, repo: string, ours: string, theirs: string): Promise<string | null> {
  const compared = await world.upstream.find(`/repos/${repo}/compare/${ours}...${theirs}`);
  if (compared === null) return null;
  const [base, mine, other] = await Promise.all([compared.merge_base_commit.sha, ours, theirs].map((sha) => filesOf(world, repo, sha)));
  const changes: Json[] = [];
  for (const path of new Set([...(base?.keys() ?? []), ...(other?.keys() ?? [])])) {
    const [was, left, right] = [base?.get(path), mine?.get(path), other?.get(path)];
    const same = (one: Entry | undefined, two: Entry | undefined): boolean => one?.sha === two?.sha && one?.mode === two?.mode;
    if (same(was, right) || same(left, right)) continue;
    if (same(was, left)) {
      changes.push({ path, mode: right?.mode ?? left?.mode ?? '100644', type: 'blob', sha: right?.sha ?? null });
      continue;
    }
    if (left === undefined || right === undefined) return null;
    const [a, o, b] = await Promise.all([left.sha, was?.sha, right.sha].map((sha) => textOf(world, repo, sha)));
    const merged = diff3Merge(linesOf(a ?? ''), linesOf(o ?? ''), linesOf(b ?? ''), { excludeFalseConflicts: true });
    if (merged.some((block) => block.conflict !== undefined)) return null;
    changes.push({ path, mode: right.mode, type: 'blob', content: merged.flatMap((block) => block.ok ?? []).join('') });
  }
  const { commit } = await world.upstream.admin('GET', `/repos/${repo}/commits/${ours}?per_page=1`);
  if (changes.length === 0) return commit.tree.sha as string;
  return (await world.upstream.admin('POST', `/repos/${repo}/git/trees`, { base_tree: commit.tree.sha, tree: changes })).sha as string;
}

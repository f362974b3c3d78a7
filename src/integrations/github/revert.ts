import { diff3Merge } from 'node-diff3';
import type { ChangeSet, FileChange } from '../../domain/change-set.schema.ts';
import { Failure } from '../../domain/failure.ts';
import { RepoPath } from '../../domain/names.schema.ts';
import type { Api } from './api.ts';
import { readBlob } from './blobs.ts';
import type { Commits } from './commits.ts';
import type { TreeEntry, Trees } from './tree.ts';

const NOTHING: ReadonlyMap<string, TreeEntry> = new Map();
/** Files of one revert; larger ones are for people. */
const MAX_FILES = 200;

const same = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean => a?.sha === b?.sha && a?.mode === b?.mode;

/** Text of bytes that are UTF-8 without NUL; null for everything else, which is never merged line by line. */
function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Three-way merge by lines, keeping their ends; null when both sides changed the same place. */
export function mergeText(base: string, ours: string, theirs: string): string | null {
  const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const merged = diff3Merge(lines(ours), lines(base), lines(theirs), { excludeFalseConflicts: true });
  return merged.every((part) => part.ok !== undefined) ? merged.flatMap((part) => part.ok ?? []).join('') : null;
}

async function mergedContent(api: Api, base: TreeEntry, ours: TreeEntry, theirs: TreeEntry): Promise<Uint8Array | null> {
  const [before, now, wanted] = await Promise.all([base, ours, theirs].map(async (entry) => textOf(await readBlob(api, entry.sha))));
  if (typeof before !== 'string' || typeof now !== 'string' || typeof wanted !== 'string') return null;
  const merged = mergeText(before, now, wanted);
  return merged === null ? null : Buffer.from(merged);
}

/** What taking a change back means for one file; `null`: it cannot be done cleanly, `undefined`: nothing to do. */
async function inverted(
  api: Api,
  path: string,
  file: { readonly bad: TreeEntry | undefined; readonly good: TreeEntry | undefined; readonly now: TreeEntry | undefined },
): Promise<FileChange | null | undefined> {
  const { bad, good, now } = file;
  if (same(now, good)) return undefined;
  if (!RepoPath.safeParse(path).success) return null;
  const write = (mode: string, bytes: Uint8Array): FileChange | null =>
    mode === '100644' || mode === '100755' ? { op: 'write', path, mode, content: Buffer.from(bytes).toString('base64') } : null;
  if (same(now, bad)) return good === undefined ? { op: 'delete', path } : write(good.mode, await readBlob(api, good.sha));
  // Changed since: only lines that nobody touched after the commit can be taken back.
  if (bad === undefined || good === undefined || now === undefined) return null;
  const content = await mergedContent(api, bad, now, good);
  if (content === null) return null;
  return write(good.mode === bad.mode ? now.mode : good.mode, content);
}

/** See `ForgeRepositories.revertOf`. A rename counts as a deletion and a new file. */
export async function revertOf(
  api: Api,
  trees: Trees,
  commits: Commits,
  input: { readonly sha: string; readonly onto: string; readonly mainline: number },
): Promise<ChangeSet | null> {
  const { parents } = (await commits.one(api, input.sha)).facts;
  const parent = parents[input.mainline - 1];
  if (parent === undefined && !(parents.length === 0 && input.mainline === 1)) {
    throw new Failure('plan-invalid', `commit ${input.sha} has ${parents.length} parents, so there is no mainline ${input.mainline}`);
  }
  const [bad, good, now] = await Promise.all([
    trees.of(api, input.sha),
    parent === undefined ? NOTHING : trees.of(api, parent),
    trees.of(api, input.onto),
  ]);
  const touched = [...new Set([...bad.keys(), ...good.keys()])].filter((path) => !same(bad.get(path), good.get(path))).sort();
  if (touched.length > MAX_FILES) return null;
  const files: FileChange[] = [];
  for (const path of touched) {
    const change = await inverted(api, path, { bad: bad.get(path), good: good.get(path), now: now.get(path) });
    if (change === null) return null;
    if (change !== undefined) files.push(change);
  }
  return { base: input.onto, files };
}

import { Buffer } from 'node:buffer';
import { applyPatch, parsePatch, type StructuredPatch } from 'diff';
import type { FileChange } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import { RepoPath, type RepoRef } from '../domain/names.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import { textOf } from './count-lines.ts';
import type { ActivityDeps } from './deps.ts';
import { MAX_FILE_BYTES } from './stored.ts';

/** Files that one diff may touch. */
const MAX_FILES = 200;

const invalid = (why: string): Failure => new Failure('plan-invalid', `the diff cannot be used: ${oneLine(why, 200)}`);

/** A path of the diff without the letter that tools put before it; null where the file is absent on that side. */
function pathOf(name: string | undefined): string | null {
  if (name === undefined || name === '/dev/null') return null;
  const read = RepoPath.safeParse(name.replace(/^[ab]\//, ''));
  if (!read.success) throw invalid(`${name}: ${read.error.issues[0]?.message ?? 'no path'}`);
  return read.data;
}

function parsed(diff: string): readonly StructuredPatch[] {
  let patches: readonly StructuredPatch[];
  try {
    patches = parsePatch(diff);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  const useful = patches.filter(({ oldFileName, newFileName }) => oldFileName !== undefined || newFileName !== undefined);
  if (useful.length === 0) throw invalid('it names no file; a unified diff with `---` and `+++` lines is needed');
  if (useful.length > MAX_FILES) throw invalid(`it touches more than ${MAX_FILES} files`);
  return useful;
}

/** A unified diff as file changes on a revision; every hunk must fit exactly. Throws `Failure` code `plan-invalid` naming the file. */
export async function filesOfDiff(
  { forge }: Pick<ActivityDeps, 'forge'>,
  repo: RepoRef,
  sha: string,
  diff: string,
): Promise<readonly FileChange[]> {
  const { repositories } = forge;
  const files: FileChange[] = [];
  for (const patch of parsed(diff)) {
    const [from, to] = [pathOf(patch.oldFileName), pathOf(patch.newFileName)];
    const bytes = from === null ? null : await repositories.readFile(repo, sha, from, MAX_FILE_BYTES);
    if (from !== null && bytes === null) throw invalid(`${from} is not there at ${sha.slice(0, 10)}`);
    const before = bytes === null ? '' : textOf(bytes);
    if (before === null) throw invalid(`${from} is no text; give its whole content as a file instead`);
    if (from !== null && from !== to) files.push({ op: 'delete', path: from });
    if (to === null) continue;
    const after = applyPatch(before, patch, { fuzzFactor: 0, autoConvertLineEndings: false });
    if (after === false) throw invalid(`it does not fit ${to} at ${sha.slice(0, 10)}`);
    const mode = from === null ? null : await repositories.fileMode(repo, sha, from);
    files.push({ op: 'write', path: to, mode: mode === '100755' ? '100755' : '100644', content: Buffer.from(after).toString('base64') });
  }
  return files;
}

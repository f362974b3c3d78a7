import { Buffer } from 'node:buffer';
import { ChangeSet, type ChangeSetRef, type FileChange } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { ValidationRequest } from '../domain/validation.schema.ts';
import { oneLine, within } from '../lib/excerpt.ts';
import { countLines, type FileVersions } from './count-lines.ts';
import type { ActivityDeps } from './deps.ts';
import { filesOfDiff } from './patch-files.ts';
import { MAX_FILE_BYTES, putJson } from './stored.ts';

/** Bytes that an offered change may write. */
const MAX_BYTES = 16 * 1024 ** 2;
/** Paths that a reference names: how many, and characters of them all. */
const MAX_PATHS = 50;
const MAX_PATH_CHARS = 3_000;

const bytesOf = (file: FileChange): Uint8Array | null => (file.op === 'delete' ? null : Buffer.from(file.content, 'base64'));

/** A change that somebody offers, stored as a change set on `sha`. Throws `Failure` code `plan-invalid` or `too-large`. */
export async function offeredChange(
  deps: Pick<ActivityDeps, 'forge' | 'artifacts'>,
  repo: RepoRef,
  sha: string,
  change: ValidationRequest['change'],
): Promise<ChangeSetRef> {
  const offered = 'files' in change ? change.files : await filesOfDiff(deps, repo, sha, change.diff);
  const files = [...offered].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const twice = files.find((file, index) => files[index - 1]?.path === file.path);
  if (twice !== undefined) throw new Failure('plan-invalid', `the change names ${twice.path} twice`);
  const versions: FileVersions[] = [];
  for (const file of files) {
    const before = await deps.forge.repositories.readFile(repo, sha, file.path, MAX_FILE_BYTES);
    versions.push({ path: file.path, before, after: bytesOf(file) });
  }
  const written = versions.reduce((sum, { after }) => sum + (after?.byteLength ?? 0), 0);
  if (written > MAX_BYTES) throw new Failure('too-large', `the change writes ${written} bytes, more than ${MAX_BYTES}`);
  const changeSet = ChangeSet.safeParse({ base: sha, files });
  if (!changeSet.success)
    throw new Failure('plan-invalid', `the change does not fit: ${oneLine(changeSet.error.issues[0]?.message ?? '', 200)}`);
  const artifact = await putJson(deps, changeSet.data);
  const paths = files.map(({ path }) => path);
  return {
    artifact,
    hash: artifact.sha256,
    base: sha,
    paths: within(paths.slice(0, MAX_PATHS), MAX_PATH_CHARS),
    fileCount: paths.length,
    ...countLines(versions),
  };
}

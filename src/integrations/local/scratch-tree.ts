import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChangeSet } from '../../domain/change-set.schema.ts';
import { diskFull, isDiskFull, type Place } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import { git, gitText } from './git.ts';
import { listTree } from './tree.ts';

/** The change set, checked again because it binds what is written: unique paths inside the repository, plain modes. */
function checked(changeSet: ChangeSet): ChangeSet {
  const parsed = ChangeSet.safeParse(changeSet);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Failure('plan-invalid', `the change set is refused: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const paths = parsed.data.files.map((file) => file.path);
  if (new Set(paths).size !== paths.length) {
    throw new Failure('plan-invalid', 'the change set names a path twice');
  }
  return parsed.data;
}

/** One file to put into a tree; null content takes it out. */
export interface TreeFile {
  readonly path: string;
  readonly mode: '100644' | '100755' | '120000';
  readonly content: Uint8Array | null;
}

/** Write the tree that these files make of a base (null: an empty one) and return its id. Works in an index of its own; there is no work tree. */
export async function writeTree(gitDir: string, base: string | null, files: readonly TreeFile[]): Promise<string> {
  const writes: Place = { folder: tmpdir(), setting: 'TMPDIR' };
  const folder = await mkdtemp(join(writes.folder, 'suture-index-')).catch((error: unknown) => {
    throw isDiskFull(error) ? diskFull(writes, error) : error;
  });
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await git(gitDir, ['read-tree', ...(base === null ? ['--empty'] : ['--end-of-options', base])], { env, writes });
    let removed = '';
    let written = '';
    for (const { path, mode, content } of files) {
      if (content === null) {
        removed += `0 ${'0'.repeat(40)}\t${path}\0`;
      } else {
        const oid = await gitText(gitDir, ['hash-object', '-w', '--no-filters', '--stdin'], { stdin: content });
        written += `${mode} ${oid}\t${path}\0`;
      }
    }
    try {
      await git(gitDir, ['update-index', '-z', '--index-info'], { env, writes, stdin: removed + written });
    } catch (error) {
      if (error instanceof Failure && error.code === 'disk-full') {
        throw error;
      }
      throw new Failure(
        'plan-invalid',
        'the files do not fit their base: a path is both a file and a folder, or not allowed in a repository',
        { cause: error },
      );
    }
    return await gitText(gitDir, ['write-tree'], { env, writes });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Refuses a path that is a file in one place and a folder in another. git would drop what is in the way without a word, so a
 * write below a link would turn the link into a folder, and a write onto a folder would delete its files.
 */
async function assertFits(gitDir: string, { base, files }: ChangeSet): Promise<void> {
  const present = new Set((await listTree(gitDir, base)).map((entry) => entry.path));
  for (const file of files) {
    if (file.op === 'delete') {
      present.delete(file.path);
    } else {
      present.add(file.path);
    }
  }
  const folders = new Set([...present].flatMap((path) => parentsOf(path)));
  const clash = files.find(
    (file) => file.op === 'write' && (folders.has(file.path) || parentsOf(file.path).some((parent) => present.has(parent))),
  );
  if (clash !== undefined) {
    throw new Failure(
      'plan-invalid',
      `the change set does not fit its base: ${JSON.stringify(clash.path.slice(0, 200))} is in the way of a file or a folder`,
    );
  }
}

function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Write the tree that a change set makes of its base and return its id. Throws `Failure` code `plan-invalid` when it is not one. */
export async function writeChangedTree(gitDir: string, changeSet: ChangeSet): Promise<string> {
  const valid = checked(changeSet);
  const { base, files } = valid;
  await assertFits(gitDir, valid);
  return writeTree(
    gitDir,
    base,
    files.map((file) =>
      file.op === 'delete'
        ? { path: file.path, mode: '100644', content: null }
        : { path: file.path, mode: file.mode, content: Buffer.from(file.content, 'base64') },
    ),
  );
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChangeSet } from '../../domain/change-set.schema.ts';
import { Failure } from '../../domain/failure.ts';
import { git, gitText } from './git.ts';

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

/** Write the tree that a change set makes of its base and return its id. Works in an index of its own; there is no work tree. */
export async function writeChangedTree(gitDir: string, input: ChangeSet): Promise<string> {
  const changeSet = checked(input);
  const folder = await mkdtemp(join(tmpdir(), 'suture-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await git(gitDir, ['read-tree', '--end-of-options', changeSet.base], { env });
    let removed = '';
    let written = '';
    for (const file of changeSet.files) {
      if (file.op === 'delete') {
        removed += `0 ${'0'.repeat(40)}\t${file.path}\0`;
      } else {
        const oid = await gitText(gitDir, ['hash-object', '-w', '--no-filters', '--stdin'], { stdin: Buffer.from(file.content, 'base64') });
        written += `${file.mode} ${oid}\t${file.path}\0`;
      }
    }
    try {
      await git(gitDir, ['update-index', '-z', '--index-info'], { env, stdin: removed + written });
    } catch (error) {
      if (error instanceof Failure && error.code === 'disk-full') {
        throw error;
      }
      throw new Failure('plan-invalid', 'the change set does not fit its base: a path is both a file and a folder, or not allowed in a repository', { cause: error });
    }
    return await gitText(gitDir, ['write-tree'], { env });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

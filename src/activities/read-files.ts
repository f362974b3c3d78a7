import { Failure } from '../domain/failure.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import { RepoPath } from '../domain/names.schema.ts';
import type { FileRead, FileWanted } from '../strategies/contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Files of one question, and bytes of one of them. */
const MAX_FILES = 50;
const MAX_BYTES = 256 * 1024;
/** Lock files are long by nature, and whoever asks for one looks things up in it. */
const MAX_LOCK_BYTES = 2 * 1024 ** 2;
const LOCK_FILE =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|go\.sum|Cargo\.lock|poetry\.lock|uv\.lock|Gemfile\.lock)$/;

const absent = (wanted: FileWanted, why: string): FileRead => ({ ...wanted, text: null, why });

async function read({ forge }: Pick<ActivityDeps, 'forge'>, repo: RepoRef, wanted: FileWanted): Promise<FileRead> {
  const { sha, path } = wanted;
  const most = LOCK_FILE.test(path) ? MAX_LOCK_BYTES : MAX_BYTES;
  if (!RepoPath.safeParse(path).success) return absent(wanted, 'no path of a repository');
  try {
    const mode = await forge.repositories.fileMode(repo, sha, path);
    if (mode === null) return absent(wanted, 'not there');
    if (mode !== '100644' && mode !== '100755') return absent(wanted, `no regular file (mode ${mode})`);
    const bytes = await forge.repositories.readFile(repo, sha, path, most);
    if (bytes === null) return absent(wanted, 'not there');
    if (bytes.includes(0)) return absent(wanted, 'binary');
    return { ...wanted, mode, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof Failure && error.code === 'too-large') return absent(wanted, `larger than ${most} bytes`);
    if (error instanceof TypeError) return absent(wanted, 'not UTF-8');
    throw error;
  }
}

/** Files that a strategy wants to see: text, or why there is none. What reaches a model is redacted there; a plan must carry a file as it is. */
export async function readFiles(
  deps: Pick<ActivityDeps, 'forge'>,
  repo: RepoRef,
  wanted: readonly FileWanted[],
): Promise<readonly FileRead[]> {
  const files: FileRead[] = [];
  for (const each of wanted.slice(0, MAX_FILES)) files.push(await read(deps, repo, each));
  return [...files, ...wanted.slice(MAX_FILES).map((each) => absent(each, `more than ${MAX_FILES} files were asked for`))];
}

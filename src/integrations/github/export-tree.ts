import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract, type Pack, pack } from 'tar-stream';
import { Failure } from '../../domain/failure.ts';
import { RepoPath } from '../../domain/names.schema.ts';
import type { Api } from './api.ts';
import { blobId, readBlob } from './blobs.ts';
import type { TreeEntry } from './tree.ts';

const EXPORTED: ReadonlySet<string> = new Set(['100644', '100755', '120000']);
/** GitHub refuses to store larger files. */
const MAX_FILE = 100 * 1024 ** 2;
/** Files that are fetched one by one because the archive left them out or changed them. */
const MAX_FETCHED = 500;

async function add(tar: Pack, path: string, mode: string, content: Uint8Array): Promise<void> {
  const common = { name: path, mtime: new Date(0), uid: 0, gid: 0 };
  if (mode === '120000') {
    tar.entry({ ...common, type: 'symlink', linkname: Buffer.from(content).toString('utf8'), mode: 0o777 });
    return;
  }
  const file = tar.entry({ ...common, type: 'file', size: content.length, mode: mode === '100755' ? 0o755 : 0o644 });
  if (!file.write(content)) await Promise.race([once(file, 'drain'), once(tar, 'close')]);
  file.end(undefined);
}

/** Copies from GitHub's archive what is byte for byte the file of the tree, and takes it off the list of what is missing. */
async function fromArchive(api: Api, sha: string, tar: Pack, missing: Map<string, TreeEntry>): Promise<void> {
  const archive = await api.stream('GET /repos/{owner}/{repo}/tarball/{ref}', { ref: sha });
  if (archive === null) throw new Failure('revision-gone', `there is no archive of ${sha.slice(0, 10)}`);
  const source = Readable.fromWeb(archive as never);
  const gunzip = createGunzip();
  const entries = extract();
  const stop = (error?: Error): void => {
    entries.destroy(error);
    gunzip.destroy();
    source.destroy();
  };
  source.on('error', stop);
  gunzip.on('error', stop);
  source.pipe(gunzip).pipe(entries);
  try {
    for await (const entry of entries) {
      const { name, type, linkname, size } = entry.header;
      // GitHub puts everything into one folder named for repository and commit.
      const path = name.slice(name.indexOf('/') + 1);
      const wanted = missing.get(path);
      if (wanted === undefined || (type !== 'file' && type !== 'symlink') || (size ?? 0) > MAX_FILE) {
        entry.resume();
        continue;
      }
      const content = type === 'symlink' ? Buffer.from(linkname ?? '') : await buffer(entry);
      if (type === 'symlink') entry.resume();
      // `export-subst` and line-end attributes change what an archive holds; what is healed is what is in git.
      if (blobId(content) !== wanted.sha) continue;
      await add(tar, path, wanted.mode, content);
      missing.delete(path);
      if (tar.destroyed) return;
    }
  } catch (error) {
    throw error instanceof Failure
      ? error
      : new Failure('forge-unavailable', `the archive of ${sha.slice(0, 10)} was cut off`, { cause: error });
  } finally {
    stop();
  }
}

async function fill(api: Api, sha: string, tar: Pack, files: ReadonlyMap<string, TreeEntry>): Promise<void> {
  const missing = new Map([...files].filter(([path, entry]) => EXPORTED.has(entry.mode) && RepoPath.safeParse(path).success));
  await fromArchive(api, sha, tar, missing);
  if (missing.size > MAX_FETCHED) {
    throw new Failure(
      'too-large',
      `GitHub's archive leaves out or changes ${missing.size} files (export-ignore, export-subst); at most ${MAX_FETCHED} are fetched singly`,
    );
  }
  for (const [path, entry] of missing) {
    if (tar.destroyed) return;
    await add(tar, path, entry.mode, await readBlob(api, entry.sha));
  }
  tar.finalize();
}

/** The tree of a commit as a tar stream: GitHub's archive, proven file by file against the tree, completed by what the archive leaves out. */
export function exportTree(api: Api, sha: string, files: ReadonlyMap<string, TreeEntry>): Readable {
  const tar = pack();
  // Whoever reads it learns of a failure as the failure of the stream.
  fill(api, sha, tar, files).catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar as unknown as Readable;
}

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type Pack, pack } from 'tar-stream';
import { Failure } from '../../domain/failure.ts';
import { ByteReader } from './byte-reader.ts';
import { gitProcess } from './git.ts';
import { listTree, staysInside, type TreeEntry } from './tree.ts';

/** Largest single file that is exported, in bytes. */
const MAX_FILE = 512 * 1024 ** 2;

const EXPORTED = new Set(['100644', '100755', '120000']);

async function addEntry(tar: Pack, entry: TreeEntry, content: Buffer): Promise<void> {
  const common = { name: entry.path, mtime: new Date(0), uid: 0, gid: 0 };
  if (entry.mode === '120000') {
    tar.entry({ ...common, type: 'symlink', linkname: content.toString('utf8'), mode: 0o777 });
    return;
  }
  const file = tar.entry({ ...common, type: 'file', size: content.length, mode: entry.mode === '100755' ? 0o755 : 0o644 });
  for (let at = 0; at < content.length; at += 65_536) {
    if (!file.write(content.subarray(at, at + 65_536))) {
      await Promise.race([once(file, 'drain'), once(tar, 'close')]);
      if (tar.destroyed) {
        return;
      }
    }
  }
  file.end(undefined);
}

async function fill(tar: Pack, gitDir: string, entries: readonly TreeEntry[]): Promise<void> {
  const child = gitProcess(gitDir, ['cat-file', '--batch']);
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  tar.once('close', stop);
  // The end of the process shows as the end of its output.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  try {
    const reader = new ByteReader(child.stdout);
    for (const entry of entries) {
      child.stdin.write(`${entry.oid}\n`);
      const header = await reader.line();
      const content = header === `${entry.oid} blob ${entry.size}` ? await reader.bytes(entry.size) : null;
      if (content === null || (await reader.bytes(1)) === null) {
        throw new Failure('forge-unavailable', `${JSON.stringify(entry.path.slice(0, 200))} could not be read from the repository`);
      }
      await addEntry(tar, entry, content);
      if (tar.destroyed) {
        return;
      }
    }
    tar.finalize();
  } finally {
    tar.off('close', stop);
    child.stdin.end();
    stop();
  }
}

/**
 * The tree of a revision as a tar stream, byte for byte as it was committed: built from the objects, because `git archive`
 * lets the tree's own attributes leave files out and rewrite contents. Submodules and paths that could leave the folder are not in it.
 */
export async function exportTree(gitDir: string, sha: string): Promise<Readable> {
  const entries = (await listTree(gitDir, sha)).filter((entry) => EXPORTED.has(entry.mode) && staysInside(entry.path));
  const tooLarge = entries.find((entry) => entry.size > MAX_FILE);
  if (tooLarge !== undefined) {
    throw new Failure('too-large', `${JSON.stringify(tooLarge.path.slice(0, 200))} has more than ${MAX_FILE} bytes`);
  }
  const tar = pack();
  fill(tar, gitDir, entries).catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error('export failed')));
  return tar as unknown as Readable;
}

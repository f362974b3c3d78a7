import { createWriteStream } from 'node:fs';
import { access, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { inState, orDiskFull } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import { exportTree } from './export-tree.ts';
import { assertSha } from './git.ts';
import type { RepoFolders } from './paths.ts';
import { staysInside } from './tree.ts';
import { createWholeFolder } from './whole-folder.ts';

/** Releases that are kept besides those that are live. */
const KEPT = 5;

/** Unpacks a tar of regular files and links into an empty folder. Links come last, so that nothing is ever written through one. */
async function unpack(tar: Readable, folder: string): Promise<void> {
  const links: Array<{ readonly path: string; readonly target: string }> = [];
  const unpacking = extract();
  const reading = pipeline(tar, unpacking);
  // Whatever breaks the reading shows below, where the entries are taken.
  reading.catch(() => undefined);
  for await (const entry of unpacking) {
    const { name, type, linkname, mode } = entry.header;
    if (!staysInside(name)) {
      throw new Failure('plan-invalid', `the release holds a path that leaves its folder: ${JSON.stringify(name.slice(0, 200))}`);
    }
    if (type === 'symlink') {
      const target = normalize(join(dirname(name), linkname ?? ''));
      if (linkname == null || linkname === '' || linkname.startsWith('/') || target === '..' || target.startsWith('../')) {
        throw new Failure('plan-invalid', `the release holds a link that leaves its folder: ${JSON.stringify(name.slice(0, 200))}`);
      }
      links.push({ path: name, target: linkname });
      entry.resume();
    } else {
      await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o755 });
      await pipeline(entry, createWriteStream(join(folder, name), { flags: 'wx', mode: ((mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755 }));
    }
  }
  await reading;
  for (const { path, target } of links) {
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o755 });
    await symlink(target, join(folder, path));
  }
}

/** The folder of a release, unpacked when it is not there yet; it appears whole or not at all. */
export async function prepareRelease(folders: RepoFolders, sha: string): Promise<string> {
  assertSha(sha);
  const folder = join(folders.releases, sha);
  try {
    await access(folder);
    return folder;
  } catch {
    // Not unpacked yet.
  }
  try {
    await createWholeFolder(folder, async (draft) => unpack(await exportTree(folders.gitDir, sha), draft));
  } catch (error) {
    throw orDiskFull(error, inState(folders.releases));
  }
  return folder;
}

/** Remove old releases and what broken-off unpackings left; the newest few and the live ones stay. */
export async function pruneReleases(folders: RepoFolders, live: ReadonlySet<string>): Promise<void> {
  const names = await readdir(folders.releases).catch((): string[] => []);
  const old: Array<{ readonly name: string; readonly at: number }> = [];
  for (const name of names.filter((candidate) => !live.has(candidate))) {
    old.push({ name, at: name.startsWith('.tmp-') ? 0 : (await stat(join(folders.releases, name))).ctimeMs });
  }
  old.sort((a, b) => b.at - a.at);
  for (const { name } of old.filter((release, index) => index >= KEPT || release.at === 0)) {
    await rm(join(folders.releases, name), { recursive: true, force: true });
  }
}

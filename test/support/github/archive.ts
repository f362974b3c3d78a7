import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Router } from './router.ts';
import { type Json, refuse, reply } from './wire.ts';
import { commitOf, type World } from './world.ts';

/** Whether `.gitattributes` in its simple form keeps a path out of archives: a path, a folder, or `*.ending`. */
function isIgnored(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const plain = pattern.replace(/^\//, '').replace(/\/$/, '');
    return plain.startsWith('*')
      ? path.endsWith(plain.slice(1))
      : path === plain || path.startsWith(`${plain}/`) || path.endsWith(`/${plain}`);
  });
}

async function tarball(world: World, repo: string, sha: string): Promise<Buffer> {
  const { tree } = await world.upstream.admin('GET', `/repos/${repo}/git/trees/${sha}?recursive=1`);
  const read = async (blob: string): Promise<Buffer> =>
    Buffer.from((await world.upstream.admin('GET', `/repos/${repo}/git/blobs/${blob}`)).content, 'base64');
  const attributes = tree.find((entry: Json) => entry.path === '.gitattributes');
  const patterns =
    attributes === undefined
      ? []
      : (await read(attributes.sha))
          .toString('utf8')
          .split('\n')
          .flatMap((line) => /^(\S+)\s.*\bexport-ignore\b/.exec(line)?.[1] ?? []);
  const tar = pack();
  const top = `${repo.replace('/', '-')}-${sha.slice(0, 7)}`;
  tar.entry({ name: `${top}/`, type: 'directory' });
  for (const entry of tree) {
    if (isIgnored(entry.path, patterns)) continue;
    const name = `${top}/${entry.path}`;
    if (entry.type === 'tree' || entry.type === 'commit') tar.entry({ name: `${name}/`, type: 'directory' });
    else if (entry.mode === '120000') tar.entry({ name, type: 'symlink', linkname: (await read(entry.sha)).toString('utf8') });
    else tar.entry({ name, mode: entry.mode === '100755' ? 0o775 : 0o664 }, await read(entry.sha));
  }
  tar.finalize();
  return buffer(tar.pipe(createGzip()));
}

/** Archives, by redirect to another host. */
export function archiveRoutes(router: Router, world: World): void {
  router.on('GET /repos/{owner}/{repo}/tarball/{ref}', async (ask) => {
    const visible = await world.upstream.send('GET', `/repos/${ask.repo}/commits?per_page=1`, null, ask.who);
    if (visible.status !== 200) return visible;
    const sha = await commitOf(world, ask.repo, ask.params['ref'] ?? 'HEAD');
    if (sha === null) return refuse(404, 'Not Found');
    return reply(302, null, { location: world.content.link(`${sha}.tar.gz`, 'application/x-gzip', () => tarball(world, ask.repo, sha)) });
  });
}

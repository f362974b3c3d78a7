import type { Json } from './wire.ts';
import type { World } from './world.ts';

/** Files by path: text, bytes, a link, an executable; null deletes. */
export type Files = Readonly<Record<string, string | Uint8Array | { readonly link: string } | { readonly executable: string } | null>>;

/** Files as items of a new tree; contents become blobs. */
export async function treeItems(world: World, repo: string, files: Files): Promise<readonly Json[]> {
  const items: Json[] = [];
  for (const [path, file] of Object.entries(files)) {
    if (file === null) {
      items.push({ path, mode: '100644', type: 'blob', sha: null });
      continue;
    }
    const [mode, content] =
      typeof file === 'string' || file instanceof Uint8Array
        ? ['100644', file]
        : 'link' in file
          ? ['120000', file.link]
          : ['100755', file.executable];
    const blob = await world.upstream.admin('POST', `/repos/${repo}/git/blobs`, {
      content: Buffer.from(content).toString('base64'),
      encoding: 'base64',
    });
    items.push({ path, mode, type: 'blob', sha: blob.sha });
  }
  return items;
}

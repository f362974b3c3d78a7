import type { Identity, Json } from './wire.ts';
import type { World } from './world.ts';

/** Files by path: text, bytes, a link, an executable; null deletes. */
export type Files = Readonly<Record<string, string | Uint8Array | { readonly link: string } | { readonly executable: string } | null>>;

/** Files as items of a new tree; contents become blobs. */
export async function treeItems(world: World, repo: string, files: Files, who: Identity | 'admin' = 'admin'): Promise<readonly Json[]> {
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
    const body = { content: Buffer.from(content).toString('base64'), encoding: 'base64' };
    const blob = await world.upstream.must('POST', `/repos/${repo}/git/blobs`, body, who);
    items.push({ path, mode, type: 'blob', sha: blob.sha });
  }
  return items;
}

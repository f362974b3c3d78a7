import { createHash } from 'node:crypto';
import { Failure } from '../../domain/failure.ts';
import type { Api } from './api.ts';

/** The id that git gives to these bytes as a file. */
export function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Bytes of a file by its git object id, proven to be those: what was cut off on its way never passes as content. */
export async function readBlob(api: Api, sha: string): Promise<Uint8Array> {
  const { data } = await api.call('GET /repos/{owner}/{repo}/git/blobs/{file_sha}', { file_sha: sha });
  const bytes = data.encoding === 'base64' ? Buffer.from(data.content, 'base64') : Buffer.from(data.content, 'utf8');
  if (blobId(bytes) !== sha) throw new Failure('forge-unavailable', `GitHub's answer for file ${sha.slice(0, 10)} is not that file`);
  return bytes;
}

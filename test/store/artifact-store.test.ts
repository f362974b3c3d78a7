import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createArtifactStore, MAX_ARTIFACT_BYTES } from '../../src/store/artifact-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('artifact store', () => {
  it('hands back the bytes that were put in', async () => {
    const store = createArtifactStore(temporaryFolder());
    const bytes = new Uint8Array([0, 255, 10, 13, 128]);
    const ref = await store.put(bytes, 'application/octet-stream');
    expect(ref).toMatchObject({ size: 5, mediaType: 'application/octet-stream' });
    expect(Buffer.from(await store.get(ref))).toEqual(Buffer.from(bytes));
  });

  it('keeps equal content once, also when many put it at the same time', async () => {
    const dir = temporaryFolder();
    const store = createArtifactStore(dir);
    const refs = await Promise.all(Array.from({ length: 20 }, () => store.put('same', 'text/plain')));
    expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
    const [shard = ''] = readdirSync(dir);
    expect(readdirSync(join(dir, shard))).toHaveLength(1);
  });

  it('refuses content that was changed on disk', async () => {
    const dir = temporaryFolder();
    const store = createArtifactStore(dir);
    const ref = await store.put('truth', 'text/plain');
    writeFileSync(join(dir, ref.sha256.slice(0, 2), ref.sha256.slice(2)), 'tales');
    await expect(store.get(ref)).rejects.toMatchObject({ code: 'artifact-missing', message: expect.stringContaining('changed on disk') });
  });

  it('repairs a changed copy when the same content is put again', async () => {
    const dir = temporaryFolder();
    const store = createArtifactStore(dir);
    const ref = await store.put('truth', 'text/plain');
    const path = join(dir, ref.sha256.slice(0, 2), ref.sha256.slice(2));
    writeFileSync(path, 'tales');
    await store.put('truth', 'text/plain');
    expect(readFileSync(path, 'utf8')).toBe('truth');
  });

  it('says which artifact is missing', async () => {
    const store = createArtifactStore(temporaryFolder());
    await expect(store.get({ sha256: 'a'.repeat(64), size: 1, mediaType: 'text/plain' })).rejects.toMatchObject({
      code: 'artifact-missing',
    });
  });

  it('refuses a name that is no hash', async () => {
    const store = createArtifactStore(temporaryFolder());
    await expect(store.get({ sha256: '../../etc/passwd', size: 1, mediaType: 'text/plain' })).rejects.toMatchObject({
      code: 'artifact-missing',
    });
  });

  it('refuses what is above the limit', async () => {
    const store = createArtifactStore(temporaryFolder());
    await expect(store.put(new Uint8Array(MAX_ARTIFACT_BYTES + 1), 'x/y')).rejects.toMatchObject({ code: 'too-large' });
  });
});

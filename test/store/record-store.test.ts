import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRecordStore } from '../../src/store/record-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('record store', () => {
  it('answers null for a key that nobody wrote', async () => {
    expect(await createRecordStore(temporaryFolder()).get('nothing')).toBeNull();
  });

  it('keeps the first value and tells the second writer', async () => {
    const store = createRecordStore(temporaryFolder());
    expect(await store.putOnce('key', 'first')).toBe('first');
    expect(await store.putOnce('key', 'second')).toBe('first');
    expect(await store.get('key')).toBe('first');
  });

  it('gives all of many writers the same value', async () => {
    const dir = temporaryFolder();
    const values = await Promise.all(Array.from({ length: 30 }, (_, at) => createRecordStore(dir).putOnce('race', `value ${at}`)));
    expect(new Set(values).size).toBe(1);
  });

  it('takes keys that are no file names', async () => {
    const store = createRecordStore(temporaryFolder());
    await store.putOnce('heal/a/b/../../../x\0y', 'kept');
    expect(await store.get('heal/a/b/../../../x\0y')).toBe('kept');
    expect(await store.get('heal/a/b/../../../x')).toBeNull();
  });

  it('says when a record is damaged instead of guessing', async () => {
    const dir = temporaryFolder();
    const store = createRecordStore(dir);
    await store.putOnce('key', 'value');
    const [shard = ''] = readdirSync(dir);
    const [name = ''] = readdirSync(join(dir, shard));
    writeFileSync(join(dir, shard, name), '{"key":');
    await expect(store.get('key')).rejects.toMatchObject({ code: 'artifact-missing', message: expect.stringContaining('damaged') });
  });
});

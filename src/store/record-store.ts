import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { createAtomically } from '../lib/atomic-file.ts';
import { readTextIfThere } from '../lib/read-if-there.ts';
import type { RecordStore } from './contract.ts';
import { onDisk } from './disk.ts';

const StoredRecord = z.object({ key: z.string(), value: z.string() });

/** Keeps small records in `dir`, one file each, named by the hash of the key; written once, by whoever comes first. */
export function createRecordStore(dir: string): RecordStore {
  const pathOf = (key: string): string => {
    const name = createHash('sha256').update(key).digest('hex');
    return join(dir, name.slice(0, 2), `${name.slice(2)}.json`);
  };
  const get = async (key: string): Promise<string | null> => {
    const path = pathOf(key);
    const text = await readTextIfThere(path);
    if (text === null) {
      return null;
    }
    try {
      const stored = StoredRecord.parse(JSON.parse(text));
      if (stored.key === key) {
        return stored.value;
      }
    } catch (error) {
      throw new Failure('artifact-missing', `record ${path} is damaged: remove it, and the step it belongs to runs again`, {
        cause: error,
      });
    }
    throw new Failure('artifact-missing', `record ${path} belongs to another key: remove it, and the step it belongs to runs again`);
  };
  return {
    get: (key) => onDisk(dir, () => get(key)),
    putOnce: (key, value) =>
      onDisk(dir, async () => {
        const created = await createAtomically(pathOf(key), JSON.stringify({ key, value }));
        if (created) {
          return value;
        }
        const stored = await get(key);
        if (stored === null) {
          throw new Failure('artifact-missing', `the record of ${JSON.stringify(key)} vanished while it was read: try again`);
        }
        return stored;
      }),
  };
}

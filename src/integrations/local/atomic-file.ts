import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { inState, orDiskFull } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import * as durable from '../../lib/atomic-file.ts';
import { hasCode } from '../../lib/error-code.ts';
import { readTextIfThere } from '../../lib/read-if-there.ts';

async function written<T>(path: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw orDiskFull(error, inState(dirname(path)));
  }
}

/** Replace a file as a whole and durably. Throws `Failure` code `disk-full`. */
export function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  return written(path, durable.writeAtomically(path, content));
}

/** Create a file with its whole content, durably; false, and nothing changed, when it exists. Throws `Failure` code `disk-full`. */
export function createAtomically(path: string, content: string | Uint8Array): Promise<boolean> {
  return written(path, durable.createAtomically(path, content));
}

/** Replace a JSON record. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Read a JSON record; null when absent. Throws `Failure` code `configuration-invalid` naming the file when it does not fit. */
export async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | null> {
  const text = await readTextIfThere(path);
  if (text === null) {
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure('configuration-invalid', `${path} is not JSON: repair or remove it`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Failure('configuration-invalid', `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}`);
  }
  return parsed.data;
}

/** Names in a folder, temporary files left out, sorted; empty when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return [];
    }
    throw error;
  }
}

/** All records of a folder, in the order of their names. */
export async function readAllJson<Schema extends z.ZodType>(folder: string, schema: Schema): Promise<ReadonlyArray<z.infer<Schema>>> {
  const found: Array<z.infer<Schema>> = [];
  for (const name of await namesIn(folder)) {
    const record = name.endsWith('.json') ? await readJson(join(folder, name), schema) : null;
    if (record !== null) {
      found.push(record);
    }
  }
  return found;
}

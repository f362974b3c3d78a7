import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { Failure } from '../../domain/failure.ts';

/** Whether an error is a file-system error with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

async function writeTemporary(path: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.tmp-${process.pid}-${randomUUID()}`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
      throw new Failure('disk-full', 'the disk of the state folder is full: free some space and try again', { cause: error });
    }
    throw error;
  }
  return temporary;
}

/** Replace a file as a whole: readers see the old or the new content, never a part. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = await writeTemporary(path, content);
  await rename(temporary, path);
}

/** Create a file with its whole content; false, and nothing changed, when it exists. */
export async function createAtomically(path: string, content: string | Uint8Array): Promise<boolean> {
  const temporary = await writeTemporary(path, content);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Replace a JSON record. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Read a JSON record; null when absent. Throws `Failure` code `configuration-invalid` naming the file when it does not fit. */
export async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return null;
    }
    throw error;
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

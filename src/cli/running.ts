import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isRunning, ownIdentity } from '../lib/process-identity.ts';
import { readTextIfThere } from '../lib/read-if-there.ts';

const RunningRecord = z.object({
  pid: z.number().int().positive(),
  /** With the pid, names the process for good. */
  started: z.string(),
  /** Whether it serves until it is stopped; otherwise it ends with the healing that it was started for. */
  serves: z.boolean(),
  temporalAddress: z.string(),
  webUi: z.string().optional(),
  ingressUrl: z.string(),
});

/** Where the Suture that runs on a state folder is found. */
export type Running = z.infer<typeof RunningRecord>;

const fileOf = (stateDir: string): string => join(stateDir, 'run', 'runtime.json');

/** Says where this process is found; the answer takes it back. */
export async function announceRunning(stateDir: string, where: Omit<Running, 'pid' | 'started'>): Promise<() => Promise<void>> {
  const record = fileOf(stateDir);
  await mkdir(dirname(record), { recursive: true });
  await writeFile(`${record}.new`, JSON.stringify({ ...ownIdentity(), ...where } satisfies Running));
  await rename(`${record}.new`, record);
  return () => rm(record, { force: true });
}

/** The Suture that runs on a state folder; null when none does, or when the one that did was killed and could not say so. */
export async function findRunning(stateDir: string): Promise<Running | null> {
  const text = await readTextIfThere(fileOf(stateDir));
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = RunningRecord.safeParse(value);
  return parsed.success && isRunning(parsed.data) ? parsed.data : null;
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { isRunning, ownIdentity } from '../../lib/process-identity.ts';
import { createAtomically, readJson, writeJson } from './atomic-file.ts';
import { withLock } from './lock.ts';
import { serviceFolder } from './paths.ts';

const Holder = z.object({ pid: z.number(), started: z.string() });

/** Become the one forge service of a state folder; the answer gives it up again. Throws `Failure` code `configuration-invalid` when another runs. */
export async function claimService(stateDir: string): Promise<() => Promise<void>> {
  const path = join(serviceFolder(stateDir), 'service.json');
  const own = ownIdentity();
  await withLock(join(serviceFolder(stateDir), 'service.lock'), async () => {
    if (await createAtomically(path, JSON.stringify(own))) {
      return;
    }
    const holder = await readJson(path, Holder);
    if (holder !== null && isRunning(holder)) {
      throw new Failure(
        'configuration-invalid',
        `process ${holder.pid} already serves the local forge of ${stateDir}: stop it first, or use another state folder`,
      );
    }
    await writeJson(path, own);
  });
  return () => rm(path, { force: true });
}

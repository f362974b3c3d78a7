import type { Container } from 'dockerode';
import { unlessStatus } from './engine.ts';

/** An engine that does not get one container to its end holds up neither the result of a job nor the start of a worker. */
const PATIENCE_MS = 30_000;

/** Ends calls to the engine that get no answer for 30 seconds. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);

/** Ends a container and takes it away with what holds it; false where somebody else did, or does. Throws errors of the engine, and where it takes longer than 30 seconds. */
export async function takeAway(container: Container): Promise<boolean> {
  const abortSignal = patience();
  const found = await unlessStatus([404], container.inspect({ abortSignal }));
  // An engine that was killed while it started a container takes it for one that never was, and would strike it off its list while the
  // process that holds it goes on. Asked to start it, it ends that first (Docker 24 and later; earlier ones refuse).
  if (found?.State.Status === 'created') await container.start({ abortSignal }).catch(() => undefined);
  return found !== null && (await unlessStatus([404, 409], container.remove({ force: true, v: true, abortSignal }))) !== null;
}

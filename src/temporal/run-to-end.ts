import { IllegalStateError, type Worker } from '@temporalio/worker';

/**
 * Runs a worker to its end.
 *
 * The native side drops its last reference a moment after the last poll has answered, and the SDK
 * then ends a worker that did all its work with `Worker still in use`. Such an end is a clean one.
 */
export async function runToEnd(worker: Worker): Promise<void> {
  try {
    await worker.run();
  } catch (error) {
    if (!(worker.getState() === 'STOPPED' && error instanceof IllegalStateError)) throw error;
  }
}

import { IllegalStateError, type Worker } from '@temporalio/worker';

/** It is said where everything was drained and only the native handle is left, whatever state the SDK shows. */
const IN_USE = /^Worker still in use/;

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
    if (!(error instanceof IllegalStateError && IN_USE.test(error.message))) throw error;
  }
}

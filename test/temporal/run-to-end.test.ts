import { IllegalStateError, type Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { runToEnd } from '../../src/temporal/run-to-end.ts';

const worker = (state: string, error?: Error) =>
  ({ run: () => (error === undefined ? Promise.resolve() : Promise.reject(error)), getState: () => state }) as unknown as Worker;

describe('the end of a worker', () => {
  it('is clean when the native side lets go a moment late', async () => {
    const late = new IllegalStateError('Worker still in use: Expected 1 reference, but got 2');
    for (const state of ['STOPPED', 'FAILED', 'DRAINED'] as const) await expect(runToEnd(worker(state, late))).resolves.toBeUndefined();
  });

  it('is a failure when the worker failed, whatever the error is', async () => {
    await expect(runToEnd(worker('FAILED', new IllegalStateError('Poller was already started')))).rejects.toThrow('Poller');
    await expect(runToEnd(worker('STOPPED', new Error('disk')))).rejects.toThrow('disk');
  });
});

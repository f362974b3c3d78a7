import type { WorkflowClient } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { forgeQueue, modelQueue, sandboxQueue } from '../../src/domain/task-queues.ts';
import { runToEnd } from '../../src/temporal/run-to-end.ts';
import type { ProvidedTemporal } from './temporal-server.ts';

/** A client and a running worker on the run's one server. */
export interface TemporalWorld {
  readonly client: Client;
  readonly workflows: WorkflowClient;
  readonly taskQueue: string;
  readonly namespace: string;
  readonly address: string;
  close(): Promise<void>;
}

/** The server of this run; throws the reason when there is none. */
export function providedTemporal(): Extract<ProvidedTemporal, { kind: 'running' }> {
  const provided = inject('temporal');
  if (provided.kind === 'missing') throw new Error(provided.message);
  return provided;
}

let quiet = false;

/** Says only what is an error of the SDK; call before any worker or replay. */
export function quietRuntime(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
}

/** Starts a worker with these activities. */
export async function openTemporal(
  activities: object,
  options: {
    readonly maxCachedWorkflows?: number;
    /** How long a step waits for the worker that keeps its workflow, in milliseconds; default 10 s. */
    readonly awaitKeeperMs?: number;
    readonly temporal?: Extract<ProvidedTemporal, { kind: 'running' }>;
    /** Default one that nobody else has. */
    readonly taskQueue?: string;
  } = {},
): Promise<TemporalWorld> {
  const { address, namespace, bundlePath } = options.temporal ?? providedTemporal();
  quietRuntime();
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const taskQueue = options.taskQueue ?? `test-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
  const common = {
    connection: native,
    namespace,
    activities,
    maxHeartbeatThrottleInterval: 100,
    defaultHeartbeatThrottleInterval: 100,
    shutdownGraceTime: 0,
    shutdownForceTime: 5_000,
  };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue,
      workflowBundle: { codePath: bundlePath },
      ...(options.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: options.maxCachedWorkflows }),
      ...(options.awaitKeeperMs === undefined ? {} : { stickyQueueScheduleToStartTimeout: options.awaitKeeperMs }),
    }),
    Worker.create({ ...common, taskQueue: forgeQueue(taskQueue) }),
    Worker.create({ ...common, taskQueue: sandboxQueue(taskQueue) }),
    Worker.create({ ...common, taskQueue: modelQueue(taskQueue) }),
  ]);
  const running = Promise.all(workers.map(runToEnd));
  running.catch(() => undefined);
  return {
    client,
    workflows: client.workflow,
    taskQueue,
    namespace,
    address,
    async close() {
      for (const worker of workers) worker.shutdown();
      await running;
      await connection.close();
      await native.close();
    },
  };
}

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WORKFLOW_TYPES } from '../src/domain/messages.ts';
import { datadog, openSender, SERVICES } from './deliveries.ts';
import type { Figure, Part } from './figure.ts';
import { quantile } from './statistics.ts';
import { withWorld } from './world.ts';

const HEALINGS = 1000;
/** Healings on their way at the same time: fewer than the worker keeps in memory. */
const UNDER_WAY = 100;
const SETTLE_MS = 5_000;
const READINGS = 5;

/** Resident memory of a process, in bytes. */
export async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`the memory of process ${pid} cannot be read`);
  return Number(kilobytes) * 1024;
}

interface Memory {
  readonly worker: number;
  readonly ingress: number;
}

/** Medians of several readings after everything came to rest. */
async function settled(workerPid: number, ingressPid: number): Promise<Memory> {
  await delay(SETTLE_MS);
  const readings: Memory[] = [];
  for (let reading = 0; reading < READINGS; reading++) {
    readings.push({ worker: await resident(workerPid), ingress: await resident(ingressPid) });
    await delay(200);
  }
  return {
    worker: quantile(
      readings.map((each) => each.worker),
      0.5,
    ),
    ingress: quantile(
      readings.map((each) => each.ingress),
      0.5,
    ),
  };
}

/** Healings that wait in one of these states; throws when one ended instead, for none would be left to wait for. */
export async function parked(client: Client, states: readonly string[] = ['awaiting-approval']): Promise<number> {
  const over = await client.workflow.count(`WorkflowType = '${WORKFLOW_TYPES.healing}' AND ExecutionStatus != 'Running'`);
  if (over.count > 0) throw new Error(`${over.count} healings ended where they should wait for a person`);
  const { count } = await client.workflow.count(
    `WorkflowType = '${WORKFLOW_TYPES.healing}' AND ExecutionStatus = 'Running' AND SutureState IN (${states.map((state) => `'${state}'`).join(', ')})`,
  );
  return count;
}

/** Bytes for people. */
export const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

/** Memory of the real worker and ingress before and after 1,000 alerts came in by HTTP and every healing waits for a person. */
export async function benchMemory(stop: AbortSignal): Promise<Part> {
  const config = {
    integrations: { datadog: datadog() },
    patrolEveryMs: 0,
    timings: { gatherMs: 0 },
    caps: { slotsPerRepository: HEALINGS / SERVICES },
  };
  return await withWorld(config, 'memory', async (world) => {
    const [worker, ingress] = await Promise.all([
      world.start('worker', new URL('./scripted-worker.ts', import.meta.url)),
      world.start('ingress', new URL('../src/ingress.ts', import.meta.url)),
    ]);
    const idle = await settled(worker.pid, ingress.pid);
    const sender = openSender(String(ingress.ready['listening']), world.stateDir);
    const began = performance.now();
    try {
      let waiting = 0;
      for (let sent = 0; waiting < HEALINGS; waiting = await parked(world.connection.client)) {
        if (stop.aborted) throw new Error(`only ${waiting} of ${HEALINGS} healings waited for a person in time`);
        for (; sent < HEALINGS && sent - waiting < UNDER_WAY; sent++) await sender.send(sent, `memory-${sent}`);
        await delay(500);
      }
    } finally {
      sender.close();
    }
    const seconds = (performance.now() - began) / 1000;
    const full = await settled(worker.pid, ingress.pid);
    const figure = (name: string, before: number, after: number): Figure => ({
      name: `${name} memory, ${HEALINGS} parked`,
      ours: megabytes(after),
      plain: `${megabytes(before)} idle`,
      apart: `+${megabytes(after - before)}, ${((after - before) / HEALINGS / 1024).toFixed(1)} KiB each`,
      target: '-',
      met: null,
    });
    return {
      figures: [figure('worker', idle.worker, full.worker), figure('ingress', idle.ingress, full.ingress)],
      notes: [
        `memory: resident set (VmRSS), median of ${READINGS} readings after ${SETTLE_MS / 1000} s of rest; ${HEALINGS} alerts over HTTP in ${seconds.toFixed(0)} s, all waiting for a person in ${SERVICES} repositories; real worker process, bundle, coordinators and audit trail, activities scripted`,
      ],
      numbers: { idle, parked: full, healings: HEALINGS, parkedWithinSeconds: seconds },
    };
  });
}

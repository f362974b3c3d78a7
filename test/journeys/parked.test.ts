import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevServer } from '../../src/temporal/dev-server.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { providedTemporal } from '../support/temporal.ts';
import { type Answers, input, serviceIncident, signal } from '../workflows/script.ts';
import { type HealingWorld, openHealings, report, result, until } from '../workflows/world.ts';

const HEALINGS = 30;
/** Healings of which the second worker keeps the state: all others are read back from their history. */
const KEPT = 2;

let folder: string;
let server: DevServer;
let world: HealingWorld;
const taskQueue = 'parked';

async function open(port: number, maxCachedWorkflows: number): Promise<void> {
  const { executable, bundlePath, namespace } = providedTemporal();
  const dbFile = join(folder, 'temporal.db');
  server = await startDevServer({ executable, dbFile, port, uiPort: 0, namespace, logFile: join(folder, 'server.log'), headless: true });
  world = await openHealings({
    maxCachedWorkflows,
    awaitKeeperMs: 200,
    taskQueue,
    temporal: { kind: 'running', address: server.address, namespace, bundlePath, executable },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suture-parked-'));
  await open(0, HEALINGS);
}, 60_000);
afterAll(async () => {
  await world.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const asks: Answers = { decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }) };
const heals: Answers = { normalize: async () => ({ kind: 'incident', incident: serviceIncident() }) };
const repo = (number: number) => `parked-${number}`;
const watches = (number: number) => number % 4 === 3;
const given = (number: number) => input(repo(number), { timings: { cooldownMs: 1, watchMs: [3_600_000] } });

describe('healings that wait', () => {
  it('for a person or with production are all there after worker and server were started again', { timeout: 180_000 }, async () => {
    const all = Array.from({ length: HEALINGS }, (_, number) => number);
    await Promise.all(all.map((number) => world.start(repo(number), watches(number) ? heals : asks, given(number))));
    const handle = (number: number) => world.temporal.workflows.getHandle(`heal/acme/${repo(number)}/branch/main`);
    // Not asked one by one: each answer of a worker that keeps two is a whole replay.
    const parked = async (wanted = HEALINGS) => {
      const query = `SutureState IN ('watching', 'awaiting-approval') AND ExecutionStatus = 'Running'`;
      while ((await world.temporal.workflows.count(query)).count < wanted) await new Promise((resolve) => setTimeout(resolve, 200));
    };
    await parked();

    const port = Number(server.address.split(':').at(-1));
    await world.close();
    await server.stop();
    await open(port, KEPT);
    for (const number of all) world.scripts.script(repo(number), watches(number) ? heals : asks);

    await parked();
    await Promise.all(
      all
        .filter((number) => !watches(number))
        .map(async (number) => {
          const actor = { id: 'ada', trust: 'maintainer' };
          const decision = { id: `d-${number}`, verdict: 'reject', changeSetHash: 'c'.repeat(64), actor, via: 'cli' };
          await handle(number).executeUpdate('decideApproval', { args: [decision] });
          expect((await result(handle(number))).outcome).toMatchObject({ kind: 'rejected' });
        }),
    );
    // One that watches takes the same problem up again.
    await report(world.temporal, given(3), signal(repo(3), { id: 'again', kind: 'alert-triggered', service: 'auth', facts: {} }));
    await until(handle(3), () => world.scripts.calls(repo(3), 'readHealth').length > 0);
    expect(world.scripts.calls(repo(3), 'normalize')).toHaveLength(1);
  });
});

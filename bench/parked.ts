import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HealingView } from '../src/domain/healing-view.ts';
import { healingId } from '../src/domain/ids.ts';
import { HEALING_MESSAGES } from '../src/domain/messages.ts';
import { createHealings } from '../src/temporal/index.ts';
import { datadog, openSender } from './deliveries.ts';
import type { Figure, Part } from './figure.ts';
import { megabytes, parked, resident } from './memory.ts';
import { withWorld } from './world.ts';

/** How many wait at the end; `SUTURE_BENCH_PARKED` says another number. */
const HEALINGS = Number(process.env['SUTURE_BENCH_PARKED'] ?? 1000);
/** A repository has at most 100 slots, and each waits in one; 25 is many already for one service. */
const REPOSITORIES = Math.max(25, Math.ceil(HEALINGS / 25));
/** On their way at the same time: fewer than the worker keeps in memory, so that they are not read back at every step. */
const UNDER_WAY = 50;
const SETTLE_MS = 5_000;
/** Healings that are decided on, or looked at, after the restart. */
const SAMPLE = 20;
const STATES = ['awaiting-approval', 'watching'];

const idOf = (number: number): string =>
  healingId({ owner: 'acme', name: `service-${number % REPOSITORIES}` }, `monitor/${number}:env:production`);

/** Worker memory while many healings wait for a person or watch production, through a restart of worker, ingress and server. */
export async function benchParked(stop: AbortSignal): Promise<Part> {
  const config = {
    integrations: { datadog: datadog(REPOSITORIES) },
    patrolEveryMs: 0,
    timings: { gatherMs: 0, cooldownMs: 0, verifyPollMs: 10, verifyWindowMs: 10 },
    autonomyCeiling: 'deploy',
    caps: { slotsPerRepository: 100 },
  };
  return await withWorld(config, 'hasty file', async (world) => {
    await writeFile(join(world.stateDir, 'watched'), '');
    const { client } = world.connection;
    const healings = createHealings(client, { taskQueue: 'suture', namespace: 'default' });
    const startWorker = () => world.start('worker', new URL('./scripted-worker.ts', import.meta.url));
    const startIngress = () => world.start('ingress', new URL('../src/ingress.ts', import.meta.url));
    let [worker, ingress] = await Promise.all([startWorker(), startIngress()]);
    const memory: Array<readonly [string, number]> = [];
    const measure = async (what: string) => {
      await delay(SETTLE_MS);
      memory.push([what, await resident(worker.pid)]);
      process.stderr.write(`  ${what}: ${megabytes(memory.at(-1)?.[1] ?? 0)}\n`);
    };
    await measure('nothing parked');
    const sender = openSender(String(ingress.ready['listening']), world.stateDir, REPOSITORIES);
    const began = performance.now();
    let sent = 0;
    const parkUntil = async (wanted: number) => {
      for (let waiting = await parked(client, STATES); waiting < wanted; waiting = await parked(client, STATES)) {
        if (stop.aborted) throw new Error(`only ${waiting} of ${HEALINGS} healings were parked in time`);
        for (; sent < wanted && sent - waiting < UNDER_WAY; sent++) await sender.send(sent, `parked-${sent}`);
        await delay(1_000);
      }
    };
    try {
      await parkUntil(Math.floor(HEALINGS / 2));
      await measure(`${Math.floor(HEALINGS / 2)} parked`);
      await parkUntil(HEALINGS);
    } finally {
      sender.close();
    }
    const parkedSeconds = (performance.now() - began) / 1000;
    await measure(`${HEALINGS} parked`);

    await Promise.all([worker.stop(), ingress.stop()]);
    await world.restartServer();
    [worker, ingress] = await Promise.all([startWorker(), startIngress()]);
    await measure(`${HEALINGS} parked, after a restart of everything`);
    const still = await parked(client, STATES);
    if (still !== HEALINGS) throw new Error(`${still} of ${HEALINGS} healings are still parked after the restart`);

    const numbers = Array.from({ length: SAMPLE }, (_, index) => Math.floor((index * HEALINGS) / SAMPLE));
    const latencies: number[] = [];
    let decided = 0;
    for (const number of numbers) {
      const id = idOf(number);
      const handle = client.workflow.getHandle(id);
      const asked = performance.now();
      const view = await handle.query<HealingView>(HEALING_MESSAGES.healingView);
      latencies.push(performance.now() - asked);
      if (view.state === 'watching' && view.outcome?.kind === 'healed') continue;
      if (view.approval === undefined) throw new Error(`${id} is ${view.state} after the restart`);
      const actor = { id: 'bench', trust: 'maintainer' } as const;
      const { changeSetHash } = view.approval;
      const result = await healings.decide(id, { id: `bench-${number}`, verdict: 'reject', changeSetHash, actor, via: 'cli' });
      if (result.kind !== 'applied') throw new Error(`the decision on ${id} was ${result.kind}`);
      await handle.result();
      decided += 1;
    }
    await measure('after decisions on a sample');
    const [first, ...rest] = memory;
    const idle = first?.[1] ?? 0;
    const slowest = Math.max(...latencies);
    const figures: Figure[] = rest.map(([what, bytes]) => ({
      name: `worker memory, ${what}`,
      ours: megabytes(bytes),
      plain: `${megabytes(idle)} idle`,
      apart: `${bytes >= idle ? '+' : '-'}${megabytes(Math.abs(bytes - idle))}`,
      target: '-',
      met: null,
    }));
    return {
      figures,
      notes: [
        `parked: ${HEALINGS} healings by ${HEALINGS} alerts over HTTP in ${parkedSeconds.toFixed(0)} s, of ten eight wait for a person to allow a production action, one for a person to allow a change, and one watches production; worker, ingress and server (whose file is not written through at each commit here, and which looks for timers twice a second) were ended and started again on the same files; all ${still} were still parked, ${decided} of a sample of ${SAMPLE} were then decided on and ended, the others still watch; the slowest took ${slowest.toFixed(0)} ms to be read back`,
      ],
      numbers: { healings: HEALINGS, memory: Object.fromEntries(memory), parkedSeconds, decided, readBackMs: latencies },
    };
  });
}

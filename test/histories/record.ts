import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { coordinatorId } from '../../src/domain/ids.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { findTemporalExecutable } from '../../src/temporal/find-executable.ts';
import { ENDINGS, waitsForSlot } from '../workflows/outcomes.ts';
import { input, serviceIncident, sha, signal, useShortExcerpts } from '../workflows/script.ts';
import { openHealings, report, result, until } from '../workflows/world.ts';

/** Records one history of every ending, of a healing that watches on in a new run, and of a coordinator that continued as new, into this folder: `npm run histories`. */

useShortExcerpts();
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'suture-histories-'));
const namespace = 'default';
const executable = findTemporalExecutable({ setting: process.env['SUTURE_TEMPORAL_EXECUTABLE'], env: process.env });
const server = await startDevServer({ executable, port: 0, uiPort: 0, namespace, logFile: join(folder, 'server.log'), headless: true });

/** What says where and by whom it was recorded does not belong to the behaviour. `sdkMetadata` does: without its flags replay compares next to nothing. */
function anonymous(json: string): string {
  const stripped = JSON.parse(json, (key, value: unknown) => {
    if (key === 'identity' || key === 'workerVersion') return undefined;
    if (key === 'taskQueue' && typeof value === 'object') return { name: 'suture', kind: 'TASK_QUEUE_KIND_NORMAL' };
    if (key === 'stackTrace') return '';
    return value;
  });
  return `{"events":[\n${stripped.events.map((event: unknown) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

async function save(name: string, handle: WorkflowHandle): Promise<void> {
  const json = historyToJSON(await handle.fetchHistory()) as unknown;
  await writeFile(join(here, `${name}.json`), anonymous(typeof json === 'string' ? json : JSON.stringify(json)));
  process.stdout.write(`recorded ${name}\n`);
}

try {
  const { codePath } = await workflowBundle(folder);
  const world = await openHealings({ temporal: { kind: 'running', address: server.address, namespace, bundlePath: codePath, executable } });
  try {
    for (const file of await readdir(here)) if (file.endsWith('.json')) await unlink(join(here, file));
    for (const ending of ENDINGS) {
      const repo = ending.name;
      const answers = waitsForSlot(ending)
        ? { ...ending.answers, requestSlot: () => world.admit(repo, { kind: 'waiting', ahead: 1 }) }
        : ending.answers;
      const handle = await world.start(repo, answers, ending.given?.(repo));
      if (ending.then) {
        await until(handle, ending.then.state);
        const message = ending.then.send(repo);
        await handle.signal(message.signal, message.payload);
      }
      await result(handle);
      await save(ending.name, handle);
    }

    const cooling = await world.start('cooling', {}, input('cooling', { timings: { cooldownMs: 1_500 } }));
    await until(cooling, 'cooling');
    await report(world.temporal, input('cooling'), signal('cooling', { id: 'again' }));
    await result(cooling);
    await save('cooling-absorbs-repeats', cooling);

    const watching = 'watching-continued-as-new';
    const caps = { ...input(watching).settings.caps, signalsPerRun: 4 };
    const healed = { normalize: async () => ({ kind: 'incident' as const, incident: serviceIncident() }) };
    const watched = await world.start(
      watching,
      healed,
      input(watching, { settings: { caps }, timings: { cooldownMs: 1, watchMs: [1, 15_000] } }),
    );
    await until(watched, (shown) => shown.timeline.some(({ text }) => text.startsWith('Production after 1 ms')));
    const last = world.temporal.workflows.getHandle(watched.workflowId);
    for (const round of ['first', 'second']) {
      const { runId } = await last.describe();
      for (const number of [1, 2, 3, 4])
        await report(world.temporal, input(watching), signal(watching, { id: `${round}-${number}`, kind: 'check-passed', sha: sha('b') }));
      while ((await last.describe()).runId === runId) await pause(20);
    }
    await result(watched);
    await save(watching, last);
    // A run that neither begins nor ends the healing.
    const between = (await last.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    if (typeof between === 'string' && between !== '')
      await save('watching-goes-on', world.temporal.workflows.getHandle(watched.workflowId, between));

    const repo = { owner: 'acme', name: 'coordinated' };
    const coordinator = world.temporal.workflows.getHandle(coordinatorId(repo));
    const join3 = {
      requestSlot: async ({ request }: { request: unknown }) => {
        await world.temporal.workflows.signalWithStart('RepoCoordinator', {
          workflowId: coordinatorId(repo),
          taskQueue: world.temporal.taskQueue,
          args: [{ repo, continueAfter: 5 }],
          signal: 'requestSlot',
          signalArgs: [request],
        });
      },
    };
    world.scripts.script(repo.name, join3);
    const healings = [1, 2, 3, 4].map((number) =>
      report(
        world.temporal,
        input(repo.name, { rest: { subject: `pr/${number}` }, timings: { ledgerTtlMs: 3_000 } }),
        signal(repo.name, { subject: `pr/${number}` }),
      ),
    );
    const [first] = await Promise.all((await Promise.all(healings)).map(async (handle) => (await result(handle), coordinator.describe())));
    await coordinator.result();
    await save('coordinator', coordinator);
    if (first !== undefined) {
      const started = (await coordinator.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
      if (typeof started === 'string' && started !== '')
        await save('coordinator-continued-as-new', world.temporal.workflows.getHandle(coordinatorId(repo), started));
    }
  } finally {
    await world.close();
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

const sizes = await Promise.all(
  (await readdir(here)).filter((file) => file.endsWith('.json')).map(async (file) => (await readFile(join(here, file))).length),
);
process.stdout.write(`${sizes.length} histories, ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024)} kB\n`);

import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load, machine } from '../../bench/figure.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { findTemporalExecutable, startDevServer } from '../../src/temporal/index.ts';
import { generateSet } from './generate.ts';
import { RESULTS } from './results.ts';
import { runCases } from './run-cases.ts';
import { rowsOf, tableOf } from './table.ts';
import { type EvalResult, openEvalWorld } from './world.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
/** Results of a run that was interrupted; `--resume` goes on behind them. */
const PARTIAL = path('test-results/eval.jsonl');
const say = (text: string) => process.stdout.write(`${text}\n`);

async function earlier(): Promise<readonly EvalResult[]> {
  const text = await readFile(PARTIAL, 'utf8').catch(() => '');
  return (
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as EvalResult)
      // What could not be followed to its end, on a machine that was too busy, is tried again.
      .filter(({ reason }) => reason !== 'error')
  );
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '180' },
    first: { type: 'string', default: '1' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '120' },
    resume: { type: 'boolean', default: false },
  },
});

/** Heals a set of generated repositories and writes down what became of them. 1 when one was healed wrongly, or did not end as it must. */
async function main(): Promise<number> {
  const loadBefore = load();
  const before = values.resume ? await earlier() : [];
  const done = new Set(before.map(({ id }) => id));
  const all = generateSet(Number(values.cases), Number(values.first)).filter(
    ({ id }) => values.only === undefined || new RegExp(values.only).test(id),
  );
  const folder = await mkdtemp(join(tmpdir(), 'suture-eval-server-'));
  await mkdir(path('test-results'), { recursive: true });
  const whole = values.only === undefined;
  if (whole && !values.resume) await rm(PARTIAL, { force: true });
  const namespace = 'default';
  const executable = findTemporalExecutable({ setting: process.env['SUTURE_TEMPORAL_EXECUTABLE'], env: process.env });
  const server = await startDevServer({ executable, port: 0, uiPort: 0, namespace, logFile: join(folder, 'temporal.log'), headless: true });
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), Number(values.minutes) * 60_000);
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const began = performance.now();
  const fresh: EvalResult[] = [];
  try {
    const { codePath } = await workflowBundle(folder);
    const world = await openEvalWorld({ kind: 'running', address: server.address, namespace, bundlePath: codePath, executable });
    try {
      await runCases(
        world,
        all.filter(({ id }) => !done.has(id)),
        {
          stop: stop.signal,
          onResult(result) {
            fresh.push(result);
            if (whole) appendFile(PARTIAL, `${JSON.stringify(result)}\n`).catch((error: unknown) => say(String(error)));
            const { id, end, reason, diagnosed, strategy, seconds, runs, right } = result;
            say(`${right ? 'ok ' : 'NOT'} ${id}: ${end} (${reason}), ${diagnosed}, ${strategy ?? '-'}, ${seconds} s, ${runs} runs`);
            if (!right) say(`    ${result.detail}`);
          },
        },
      );
    } finally {
      await world.close();
    }
  } finally {
    clearTimeout(late);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const results = [...before, ...fresh].filter(({ id }) => all.some((each) => each.id === id));
  const order = new Map(all.map(({ id }, at) => [id, at]));
  results.sort((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
  const rows = rowsOf(results);
  say(`\n${tableOf(rows)}\n`);
  const wrong = results.filter(({ end }) => end === 'wrong').length;
  const amiss = results.filter(({ right }) => !right);
  say(`${results.length} of ${all.length} cases, ${wrong} false heals, ${amiss.length} did not end as they must`);
  if (whole && results.length === all.length) {
    const minutes = Math.round((performance.now() - began) / 6_000) / 10;
    const facts = { machine: machine(), loadBefore, loadAfter: load(), minutes, cases: results.length, wrong };
    await writeFile(RESULTS, `${JSON.stringify({ ...facts, rows, amiss }, null, 2)}\n`);
    await rm(PARTIAL, { force: true });
  }
  return wrong > 0 || amiss.length > 0 || results.length < all.length ? 1 : 0;
}

process.exitCode = await main();

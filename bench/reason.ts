import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workflowBundle } from '../src/temporal/bundle.ts';
import { findTemporalExecutable, startDevServer } from '../src/temporal/index.ts';
import { generateCase } from '../test/eval/generate.ts';
import { runCases } from '../test/eval/run-cases.ts';
import { openEvalWorld } from '../test/eval/world.ts';
import { plainBisection, searched } from '../test/strategies/noisy.ts';
import type { Figure, Part } from './figure.ts';
import { benchLogReducer } from './log-reducer.ts';
import { quantile } from './statistics.ts';

const LINES = [8, 16, 32, 64, 100] as const;
/** One case of each class that is healed without a model. */
const HEALED = [
  ['format', 'python'],
  ['lint', 'javascript'],
  ['generated-file', 'python'],
  ['configuration', 'python'],
  ['lockfile', 'javascript'],
  ['dependency', 'python'],
  ['code', 'python'],
] as const;
const SEED = 4_001;

/** Runs until the culprit of a sound check is named and verified, beside those of plain bisection, which verifies nothing; each culprit of each line. */
function bisections(): { readonly figures: readonly Figure[]; readonly numbers: Readonly<Record<string, unknown>> } {
  const rows = LINES.map((count) => {
    const ours = { named: [] as number[], all: [] as number[] };
    const plain: number[] = [];
    for (let culprit = 0; culprit < count; culprit += 1) {
      const colour = (index: number) => (index <= culprit ? 'red' : 'green') as 'red' | 'green';
      const { end, probes, named } = searched(count, colour);
      if (end.kind !== 'found' || end.index !== culprit) throw new Error(`of ${count} commits the search named another than ${culprit}`);
      ours.named.push(named);
      ours.all.push(probes.length);
      let runs = 0;
      plainBisection(count, (index) => {
        runs += 1;
        return colour(index);
      });
      plain.push(runs);
    }
    return { count, named: Math.max(...ours.named), all: Math.max(...ours.all), plain: Math.max(...plain) };
  });
  return {
    figures: rows.map(({ count, named, all, plain }) => {
      const limit = Math.ceil(Math.log2(count + 1)) + 2;
      return {
        name: `culprit of ${count} commits, most runs`,
        ours: `${named} to name it, ${all} with verification`,
        plain: `${plain}, unverified`,
        apart: `${named - plain >= 0 ? '+' : ''}${named - plain} to name it`,
        target: `<= ${limit} to name it`,
        met: named <= limit,
      };
    }),
    numbers: { bisection: rows },
  };
}

/** Time of whole healings, beside the one run of the failing command that they cannot do without. */
async function healings(
  stop: AbortSignal,
): Promise<{ readonly figures: readonly Figure[]; readonly numbers: Readonly<Record<string, unknown>> }> {
  const folder = await mkdtemp(join(tmpdir(), 'suture-bench-'));
  const namespace = 'default';
  const undo: Array<() => Promise<unknown>> = [() => rm(folder, { recursive: true, force: true })];
  try {
    const executable = findTemporalExecutable({ setting: process.env['SUTURE_TEMPORAL_EXECUTABLE'], env: process.env });
    const server = await startDevServer({
      executable,
      port: 0,
      uiPort: 0,
      namespace,
      logFile: join(folder, 'temporal.log'),
      headless: true,
    });
    undo.push(() => server.stop());
    const { codePath } = await workflowBundle(folder);
    const world = await openEvalWorld({ kind: 'running', address: server.address, namespace, bundlePath: codePath, executable });
    undo.push(() => world.close());
    const cases = HEALED.map(([kind, language]) => generateCase(kind, language, SEED));
    const results = await runCases(world, cases, { stop });
    stop.throwIfAborted();
    const amiss = results.find(({ right }) => !right);
    if (amiss !== undefined) throw new Error(`${amiss.id} ended as ${amiss.end}: ${amiss.detail}`);
    return {
      figures: [
        ...results.map(({ class: kind, language, seconds, runs, firstRunSeconds }) => ({
          name: `heal ${kind}, ${language}`,
          ours: `${seconds.toFixed(1)} s, ${runs} runs`,
          plain: `${firstRunSeconds.toFixed(2)} s, one run`,
          apart: `${(seconds / firstRunSeconds).toFixed(1)} times one run`,
          target: '-',
          met: null,
        })),
        {
          name: `heal, median of ${results.length} classes`,
          ours: `${quantile(
            results.map(({ seconds }) => seconds),
            0.5,
          ).toFixed(1)} s`,
          plain: '-',
          apart: '-',
          target: '-',
          met: null,
        },
      ],
      numbers: { healings: results },
    };
  } finally {
    for (const step of undo.reverse())
      await step().catch((error: unknown) => process.stderr.write(`while cleaning up: ${String(error)}\n`));
  }
}

/** What finding cause and repair costs: logs, the search for a culprit, and whole healings without a model. */
export async function benchReason(stop: AbortSignal): Promise<Part> {
  const logs = await benchLogReducer(stop);
  const search = bisections();
  const healed = await healings(stop);
  return {
    figures: [...logs.figures, ...search.figures, ...healed.figures],
    notes: [
      ...logs.notes,
      'culprit: a sound check, every culprit of the line; `test/strategies/flaky-search.test.ts` has flaky ones',
      'heal: generated repositories, two at a time, from the report to the proven change; one run is the first job of the same healing',
    ],
    numbers: { ...logs.numbers, ...search.numbers, ...healed.numbers },
  };
}

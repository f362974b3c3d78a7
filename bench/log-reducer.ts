import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { digestLog } from '../src/logs/index.ts';
import type { Figure, Part } from './figure.ts';
import { jobAround, quietLines } from './job-log.ts';
import { quantile } from './statistics.ts';

const BYTES = 100 * 1024 ** 2;
const PIECE = 1024 ** 2;
const SAMPLES = new URL('../test/logs/samples/', import.meta.url);
/** What a model's tokenizer makes of text, roughly. */
const BYTES_A_TOKEN = 4;

/** A file's text in pieces, so that it is never in memory as a whole. */
function* piecesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const buffer = Buffer.alloc(PIECE);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) yield decoder.write(buffer.subarray(0, read));
    yield decoder.end();
  } finally {
    closeSync(file);
  }
}

/** Writes a log of so many bytes: one line in a thousand speaks of failure, or each does so in words of its own. */
function writeLog(path: string, kind: 'quiet' | 'hostile'): void {
  const file = openSync(path, 'w');
  try {
    for (let written = 0, block = 0; written < BYTES; block += 1) {
      const lines = quietLines(1000, block);
      const word = (at: number) => (block * 1000 + at).toString(36).replace(/\d/g, (digit) => 'qrstuvwxyz'.charAt(Number(digit)));
      const text =
        kind === 'quiet'
          ? `${lines.join('\n')}\nError: part ${block} could not be fetched\n`
          : `${lines.map((line, at) => `${word(at)}.ts:${at}:1 error ${word(at * 31)}  ${line.slice(29)}`).join('\n')}\n`;
      written += writeSync(file, text);
    }
  } finally {
    closeSync(file);
  }
}

/** What one log came to; milliseconds of CPU time. */
interface Race {
  readonly ours: number;
  readonly grep: number;
  readonly keptBytes: number;
  /** Growth of the resident set while the log was read, in bytes. */
  readonly memory: number;
}

/** CPU time of `grep` over the file, in milliseconds. Its output goes through a pipe: into /dev/null it would stop at the first match. */
function grepCpu(path: string): number {
  const done = spawnSync('sh', ['-c', 'grep -n -i -E "error|fail" "$1" | wc -l >&2; times', 'sh', path], { encoding: 'utf8' });
  if (done.status !== 0 || Number(done.stderr) < 1) throw new Error(`grep failed: ${done.stderr}`);
  const [, children = ''] = done.stdout.trim().split('\n');
  return [...children.matchAll(/(\d+)m(\d+(?:[.,]\d+)?)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds?.replace(',', '.')) * 1000,
    0,
  );
}

/** The reducer beside `grep` for the two words that everybody greps for. CPU time, which other work on the machine changes less than the time that passes. */
function race(path: string): Race {
  const before = process.memoryUsage().rss;
  const began = process.cpuUsage();
  const { keptBytes, bytes } = digestLog({ text: piecesOf(path), paths: [] });
  const { user, system } = process.cpuUsage(began);
  const memory = process.memoryUsage().rss - before;
  if (bytes < BYTES) throw new Error(`only ${bytes} bytes of the log were read`);
  return { ours: (user + system) / 1000, grep: grepCpu(path), keptBytes, memory };
}

const rate = (milliseconds: number) => `${(BYTES / 1024 ** 2 / (milliseconds / 1000)).toFixed(0)} MiB/s`;

function raceFigure(name: string, { ours, grep, keptBytes, memory }: Race): Figure {
  return {
    name: `reduce 100 MiB, ${name}`,
    ours: `${rate(ours)}, ${(keptBytes / 1024).toFixed(0)} KiB left, +${(memory / 1024 ** 2).toFixed(0)} MiB`,
    plain: `grep ${rate(grep)}`,
    apart: `${(ours / grep).toFixed(1)} times grep`,
    target: '-',
    met: null,
  };
}

/** How fast a log of 100 MB is reduced beside `grep` over the same file, and how many tokens are left of the sample logs in a whole job. */
export async function benchLogReducer(stop: AbortSignal): Promise<Part> {
  const folder = mkdtempSync(join(tmpdir(), 'suture-bench-'));
  const races = new Map<string, Race>();
  try {
    for (const kind of ['quiet', 'hostile'] as const) {
      stop.throwIfAborted();
      const path = join(folder, kind);
      writeLog(path, kind);
      races.set(kind, race(path));
      rmSync(path);
      // Whoever waits for a signal gets it between two of these.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const jobs = readdirSync(SAMPLES).map((name) => {
    const { red, green } = jobAround(readFileSync(new URL(name, SAMPLES), 'utf8'));
    const alone = digestLog({ text: red, paths: [] });
    const compared = digestLog({ text: red, green, paths: [] });
    return { before: alone.bytes, alone: alone.keptBytes, compared: compared.keptBytes };
  });
  const tokens = (pick: (job: (typeof jobs)[number]) => number) => Math.round(quantile(jobs.map(pick), 0.5) / BYTES_A_TOKEN);
  const reduction = (pick: (job: (typeof jobs)[number]) => number) =>
    quantile(
      jobs.map((job) => 1 - pick(job) / job.before),
      0.5,
    );
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const compared = reduction((job) => job.compared);
  const alone = reduction((job) => job.alone);
  return {
    figures: [
      ...[...races].map(([name, each]) => raceFigure(name, each)),
      {
        name: `tokens of ${jobs.length} failed jobs, median`,
        ours: `${tokens((job) => job.compared)} with a green log, ${tokens((job) => job.alone)} without`,
        plain: `${tokens((job) => job.before)} whole`,
        apart: `-${percent(compared)}, -${percent(alone)}`,
        target: '>= 85 % fewer',
        met: compared >= 0.85,
      },
    ],
    notes: [
      'reduce: CPU time of both; file read in pieces of 1 MiB, templates, excerpts, complaints and frames; `quiet` has one error in a thousand lines, in `hostile` each line is an error with words of its own; memory is the growth of the resident set',
      `tokens: bytes / ${BYTES_A_TOKEN}; each sample log of a tool stands at the end of a generated job of 1,220 quiet lines`,
    ],
    numbers: { bytes: BYTES, ...Object.fromEntries(races), jobs: jobs.length, reductionCompared: compared, reductionAlone: alone },
  };
}

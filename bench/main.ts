import { type Figure, load, machine, type Part, table } from './figure.ts';
import { benchHealingOverhead } from './healing-overhead.ts';
import { benchIngress } from './ingress-latency.ts';
import { benchMemory } from './memory.ts';
import { benchParked } from './parked.ts';
import { benchReason } from './reason.ts';
import { benchSandboxRoundTrip } from './sandbox-round-trip.ts';
import { benchSandboxStart } from './sandbox-start.ts';

/** A part that takes longer than this is broken, or the machine is: the bench says so instead of hanging. In milliseconds. */
const PARTS: ReadonlyArray<readonly [name: string, limitMs: number, run: (stop: AbortSignal) => Promise<Part>]> = [
  ['ingress', 120_000, benchIngress],
  ['overhead', 120_000, benchHealingOverhead],
  ['sandbox', 180_000, benchSandbox],
  ['reason', 900_000, benchReason],
  ['memory', 600_000, benchMemory],
  ['parked', 5_400_000, benchParked],
];

/** How fast a sandbox starts, and how fast a workspace goes in and a change set out. */
async function benchSandbox(stop: AbortSignal): Promise<Part> {
  const parts = [await benchSandboxStart(stop), await benchSandboxRoundTrip(stop)];
  return {
    figures: parts.flatMap(({ figures }) => figures),
    notes: parts.flatMap(({ notes }) => notes),
    numbers: Object.assign({}, ...parts.map(({ numbers }) => numbers)),
  };
}

const USAGE = `usage: npm run bench [-- [--json] [${PARTS.map(([name]) => name).join('|')} ...]]`;

/**
 * Performance figures, each beside the plain alternative in the same run. A missed target is said and exits 0, because a busy machine misses
 * them too; 1 when a part could not be measured, 2 for wrong usage.
 */
async function main(given: readonly string[]): Promise<number> {
  const json = given.includes('--json');
  const wanted = given.filter((word) => word !== '--json');
  if (wanted.some((word) => !PARTS.some(([name]) => name === word))) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  const figures: Figure[] = [];
  const notes: string[] = [];
  const numbers: Record<string, unknown> = {};
  const failed: string[] = [];
  const began = performance.now();
  const loadBefore = load();
  say(`${machine()}, load ${loadBefore}`);
  for (const [name, limitMs, run] of PARTS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    say(`measuring ${name} ...`);
    const stop = new AbortController();
    const ended = () => stop.abort(new Error('ended by a signal'));
    process.once('SIGTERM', ended);
    process.once('SIGINT', ended);
    const late = setTimeout(() => stop.abort(new Error(`not measured within ${limitMs / 1000} s`)), limitMs);
    try {
      const part = await run(stop.signal);
      figures.push(...part.figures);
      notes.push(...part.notes);
      numbers[name] = part.numbers;
    } catch (error) {
      failed.push(name);
      say(`  ${name} could not be measured: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(late);
      process.off('SIGTERM', ended);
      process.off('SIGINT', ended);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const missed = figures.filter((figure) => figure.met === false).map((figure) => figure.name);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ machine: machine(), loadBefore, loadAfter: load(), seconds, figures, notes, numbers, missed, failed }, null, 2)}\n`,
    );
  } else {
    say(`\n${table(figures)}\n`);
    for (const note of notes) say(`- ${note}`);
    say(`- ${machine()}; load ${loadBefore} before, ${load()} after; ${seconds.toFixed(0)} s in all`);
    if (missed.length > 0) say(`\nTARGETS MISSED: ${missed.join('; ')}`);
    else if (failed.length === 0) say('\nevery target of what was measured is met');
  }
  if (failed.length > 0) say(`NOT MEASURED: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

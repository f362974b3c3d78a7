import { availableParallelism, loadavg } from 'node:os';
import { ms } from './statistics.ts';

/** One line of the report: what was measured, beside the plain alternative. */
export interface Figure {
  readonly name: string;
  readonly ours: string;
  /** The plain alternative, measured in the same run; `-` where there is none. */
  readonly plain: string;
  /** Difference or ratio of the two. */
  readonly apart: string;
  /** What is asked for; `-` where the figure is only reported. */
  readonly target: string;
  /** Null where there is no target. */
  readonly met: boolean | null;
}

/** What one part of the bench found. */
export interface Part {
  readonly figures: readonly Figure[];
  /** How it was measured and where the time goes: one line each. */
  readonly notes: readonly string[];
  /** The numbers behind the figures, for `--json`; milliseconds and bytes. */
  readonly numbers: Readonly<Record<string, unknown>>;
}

/** How many processes wanted to run in the last minute: above the number of cores, the machine measures others as well. */
export function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

/** The machine that the numbers belong to, in one line. */
export function machine(): string {
  return `Node ${process.versions.node}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`;
}

/** Figures as a table with aligned columns. */
export function table(figures: readonly Figure[]): string {
  const head = ['figure', 'ours', 'plain alternative', 'apart', 'target', 'met'];
  const rows = figures.map(({ name, ours, plain, apart, target, met }) => [
    name,
    ours,
    plain,
    apart,
    target,
    met === null ? '-' : met ? 'yes' : 'NO',
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.join('\n');
}

/** A difference with its sign, in milliseconds. */
export function more(difference: number): string {
  return `${difference < 0 ? '-' : '+'}${ms(Math.abs(difference))}`;
}

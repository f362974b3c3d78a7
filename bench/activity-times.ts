import { readFile } from 'node:fs/promises';

/** File in the state folder that the timed worker writes: one JSON object a line. */
export const TIMES_FILE = 'activity-times.jsonl';

/** When one activity ran: milliseconds since the epoch. `commandMs`: how long the command ran, as the sandbox measured it. */
export interface ActivityTime {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly commandMs?: number;
}

/** Everything the timed worker wrote so far. */
export async function readTimes(file: string): Promise<readonly ActivityTime[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ActivityTime);
}

/** Milliseconds in which at least one of these intervals was open. */
export function covered(intervals: ReadonlyArray<{ readonly from: number; readonly to: number }>): number {
  let total = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    total += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return total;
}

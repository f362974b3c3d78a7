import type { JudgedReading } from './judge-reading.ts';

/** One reading of production, as history keeps it. */
export type Reading = Pick<JudgedReading, 'requests' | 'errorRate' | 'ok' | 'why' | 'degraded' | 'trend'>;

/** Clearly worse: five points and half as much again above the rate before. */
const WORSE_BY = 0.05;
const WORSE_TIMES = 1.5;
/** Fewer readings than this prove nothing. */
const MIN_READINGS = 2;

const percent = (rate: number | null) => (rate === null ? 'unknown' : `${(rate * 100).toFixed(1)} %`);

/** Errors have a rule of their own for being worse, by how much they rose. */
const ERROR_RATE = 'error rate';

/** Values beyond their trend that were not before. */
export function newlyDegraded(before: Reading | null, { degraded = [] }: Reading): readonly string[] {
  return degraded.filter((name) => before?.degraded?.includes(name) !== true);
}

/** What is worse than before in a reading: errors that rose, or values beyond their trend that were not before. */
function worsened(before: Reading | null, reading: Reading): string | null {
  const was = before?.errorRate ?? null;
  if (reading.errorRate !== null && reading.requests > 0 && reading.errorRate > Math.max((was ?? 0) + WORSE_BY, (was ?? 0) * WORSE_TIMES))
    return `errors rose from ${percent(was)} to ${percent(reading.errorRate)}`;
  const risen = newlyDegraded(before, reading).filter((name) => name !== ERROR_RATE);
  return risen.length > 0 ? `${risen.join(', ')} rose beyond what was usual${inWords(reading)}` : null;
}

const inWords = ({ trend }: Reading): string => (trend === undefined ? '' : `: ${trend}`);

/** Whether a reading shows production at work and within its limits: requests were seen, or something else that really measured says so. */
const within = (reading: Reading): boolean => reading.ok === true && (reading.requests > 0 || reading.errorRate === null);

/** And nothing is beyond its own trend. */
const well = (reading: Reading): boolean => within(reading) && (reading.degraded ?? []).length === 0;

/** What the readings after a deployment say. `better` needs the whole window healthy, really measured, and nothing beyond its own trend; `worse` does not wait. */
export function judgeHealth(input: {
  readonly before: Reading | null;
  readonly after: readonly Reading[];
  readonly windowMs: number;
  readonly elapsedMs: number;
  readonly timeoutMs: number;
}): {
  readonly verdict: 'wait' | 'better' | 'unchanged' | 'worse' | 'inconclusive';
  readonly detail: string;
} {
  const { before, after, elapsedMs } = input;
  const last = after[after.length - 1];
  const was = before?.errorRate ?? null;
  if (last === undefined)
    return elapsedMs >= input.timeoutMs
      ? { verdict: 'inconclusive', detail: 'production could not be measured' }
      : { verdict: 'wait', detail: 'no reading yet' };
  const recent = after.slice(-MIN_READINGS);
  const worse = recent.map((reading) => worsened(before, reading));
  if (recent.length >= MIN_READINGS && worse.every((each) => each !== null)) return { verdict: 'worse', detail: worse.at(-1) ?? '' };
  const healthy = after.length >= MIN_READINGS && after.every(well);
  const healthyAtEnd = recent.length >= MIN_READINGS && recent.every(well);
  if (elapsedMs >= input.windowMs && (healthy || (healthyAtEnd && elapsedMs >= 2 * input.windowMs)))
    return {
      verdict: 'better',
      detail: `${
        last.errorRate === null
          ? 'everything that watches it is well and stayed so'
          : `errors went from ${percent(was)} to ${percent(last.errorRate)} and stayed there`
      }${inWords(last)}`,
    };
  const now = last.why ?? `errors at ${percent(last.errorRate)}`;
  if (elapsedMs < input.timeoutMs) return { verdict: 'wait', detail: now };
  if (after.every((reading) => reading.ok === null || (reading.ok && !within(reading))))
    return { verdict: 'inconclusive', detail: 'no requests were seen' };
  if (within(last) && !well(last)) {
    const detail = `within its limits, but ${last.degraded?.join(', ') ?? ''} not as usual${inWords(last)}`;
    // Where limits were never broken, the trend was all that showed the problem.
    return {
      verdict: before !== null && before.ok !== false && newlyDegraded(before, last).length === 0 ? 'unchanged' : 'inconclusive',
      detail,
    };
  }
  return last.ok === true
    ? { verdict: 'inconclusive', detail: 'healthy only in part of the window' }
    : { verdict: 'unchanged', detail: last.why ?? `errors stay at ${percent(last.errorRate)}` };
}

/** One reading of production, as history keeps it. */
export interface Reading {
  readonly requests: number;
  readonly errorRate: number | null;
  readonly ok: boolean | null;
}

/** Clearly worse: five points and half as much again above the rate before. */
const WORSE_BY = 0.05;
const WORSE_TIMES = 1.5;
/** Fewer readings than this prove nothing. */
const MIN_READINGS = 2;

const percent = (rate: number | null) => (rate === null ? 'unknown' : `${(rate * 100).toFixed(1)} %`);

/** What the readings after a deployment say. `better` needs the whole window healthy with real requests; `worse` does not wait. */
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
  const clearlyWorse =
    recent.length >= MIN_READINGS &&
    recent.every(
      (reading) =>
        reading.errorRate !== null && reading.requests > 0 && reading.errorRate > Math.max((was ?? 0) + WORSE_BY, (was ?? 0) * WORSE_TIMES),
    );
  if (clearlyWorse) return { verdict: 'worse', detail: `errors rose from ${percent(was)} to ${percent(last.errorRate)}` };
  const healthy = after.length >= MIN_READINGS && after.every((reading) => reading.ok === true && reading.requests > 0);
  const healthyAtEnd = recent.length >= MIN_READINGS && recent.every((reading) => reading.ok === true && reading.requests > 0);
  if (elapsedMs >= input.windowMs && (healthy || (healthyAtEnd && elapsedMs >= 2 * input.windowMs)))
    return { verdict: 'better', detail: `errors went from ${percent(was)} to ${percent(last.errorRate)} and stayed there` };
  if (elapsedMs < input.timeoutMs) return { verdict: 'wait', detail: `errors at ${percent(last.errorRate)}` };
  if (after.every((reading) => reading.requests === 0 || reading.ok === null))
    return { verdict: 'inconclusive', detail: 'no requests were seen' };
  return last.ok === true
    ? { verdict: 'inconclusive', detail: 'healthy only in part of the window' }
    : { verdict: 'unchanged', detail: `errors stay at ${percent(last.errorRate)}` };
}

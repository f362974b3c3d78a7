/** One stored point: a metric, its tags, when in milliseconds, and the value. */
export interface Point {
  readonly metric: string;
  readonly tags: ReadonlySet<string>;
  readonly at: number;
  readonly value: number;
}

interface Term {
  readonly aggregator: 'sum' | 'avg' | 'min' | 'max';
  readonly metric: string;
  readonly filter: readonly string[];
}

const TERM = /^(sum|avg|min|max|p95|p99):([A-Za-z][\w.]*)\{([^}]*)\}(?:\.as_count\(\))?$/;

function termOf(text: string): Term {
  const [, aggregator, metric, filter] = TERM.exec(text.trim()) ?? [];
  if (aggregator === undefined || metric === undefined || filter === undefined) throw new Error(`cannot read the query ${text}`);
  return {
    // A gauge of one value a point has no percentiles: the largest stands for them.
    aggregator: aggregator === 'p95' || aggregator === 'p99' ? 'max' : (aggregator as Term['aggregator']),
    metric,
    filter: filter.split(',').filter((tag) => tag !== '*' && tag !== ''),
  };
}

function put(aggregator: Term['aggregator'], values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const total = values.reduce((sum, value) => sum + value, 0);
  if (aggregator === 'sum') return total;
  if (aggregator === 'avg') return total / values.length;
  return aggregator === 'min' ? Math.min(...values) : Math.max(...values);
}

/** The points of a query in buckets of `bucketMs`: `agg:metric{tags}`, or one such divided by another. */
export function query(
  points: readonly Point[],
  text: string,
  from: number,
  to: number,
  bucketMs: number,
): ReadonlyArray<readonly [number, number]> {
  const [numerator = '', denominator] = text.split('/').map((each) => each.trim());
  const bucket = (one: string): ReadonlyMap<number, number> => {
    const { aggregator, metric, filter } = termOf(one);
    const values = new Map<number, number[]>();
    for (const point of points) {
      if (point.metric !== metric || point.at < from || point.at > to || !filter.every((tag) => point.tags.has(tag))) continue;
      const start = Math.floor(point.at / bucketMs) * bucketMs;
      values.set(start, [...(values.get(start) ?? []), point.value]);
    }
    return new Map([...values].map(([start, all]) => [start, put(aggregator, all) ?? 0]));
  };
  const above = bucket(numerator);
  const below = denominator === undefined ? null : bucket(denominator);
  return [...above]
    .flatMap(([at, value]) => {
      const by = below === null ? 1 : below.get(at);
      return by === undefined || by === 0 ? [] : [[at, value / by] as const];
    })
    .sort(([one], [other]) => one - other);
}

/** Minutes of a bucket for a time of so many minutes, as Datadog rolls up where nothing else is asked. */
export function rollUp(minutes: number): number {
  const hours = minutes / 60;
  return hours <= 4 ? 1 : hours <= 24 ? 5 : hours <= 48 ? 10 : hours <= 168 ? 60 : 240;
}

/** A monitor's query: how its window is put together, what is asked, and the limit. */
export function readMonitor(text: string): { readonly over: 'sum' | 'avg'; readonly minutes: number; readonly query: string } {
  const [, over, minutes, asked] = /^(sum|avg)\(last_(\d+)m\):(.+?)\s*>\s*[\d.]+$/.exec(text) ?? [];
  if (asked === undefined) throw new Error(`cannot read the monitor ${text}`);
  return { over: over as 'sum' | 'avg', minutes: Number(minutes), query: asked };
}

/** The one value that a monitor compares, over its whole window; null without data. */
export function monitorValue(points: readonly Point[], text: string, now: number, minuteMs = 60_000): number | null {
  const { over, minutes, query: asked } = readMonitor(text);
  const from = now - minutes * minuteMs;
  const terms = asked.split('/').map((each) => each.trim());
  const whole = terms.map((term) => {
    const { metric, filter } = termOf(term);
    const values = points
      .filter((point) => point.metric === metric && point.at >= from && point.at <= now && filter.every((tag) => point.tags.has(tag)))
      .map(({ value }) => value);
    return put(over, values);
  });
  const [above = null, below] = whole;
  if (below === undefined) return above;
  return above === null || below === null || below === 0 ? null : above / below;
}

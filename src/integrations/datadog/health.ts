import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { HealthReading, HealthSource, MetricReading } from '../contract.ts';
import type { DatadogClient } from './client.ts';
import type { DatadogConfig } from './config.ts';
import { queriesOf } from './queries.ts';
import { tagValue } from './tags.ts';

/** How much of the newest time counts as now, and how much before a deployment as usual, in milliseconds. */
const NOW_MS = 5 * 60_000;
const BEFORE_MS = 60 * 60_000;
/** Monitors that are looked at. */
const MONITORS = 20;

type Points = ReadonlyArray<readonly [at: number, value: number]>;

const STATES: Readonly<Record<string, NonNullable<HealthReading['monitors']>[number]['state']>> = {
  OK: 'ok',
  Warn: 'warn',
  Alert: 'alert',
  'No Data': 'no-data',
};

const sum = (points: Points): number => points.reduce((total, [, value]) => total + value, 0);
const mean = (points: Points): number => sum(points) / points.length;

/** Mean and standard deviation; nothing where too little is known to call it usual. */
function trend(points: Points): MetricReading['before'] {
  if (points.length < 3) return undefined;
  const middle = mean(points);
  return { mean: middle, deviation: Math.sqrt(points.reduce((total, [, value]) => total + (value - middle) ** 2, 0) / points.length) };
}

function between(points: Points, from: number, to: number): Points {
  return points.filter(([at]) => at >= from && at < to);
}

/** How a service is, by its monitors and its metrics: two calls, and one more when the deployment is long ago. */
export function createDatadogHealth(client: DatadogClient, config: DatadogConfig, now: () => Date): HealthSource {
  async function monitors(service: string, environment: string): Promise<NonNullable<HealthReading['monitors']>> {
    const monitorTags = `service:${tagValue(service, 'the service')}`;
    const found = await client.call('monitors', 'list monitors', (api) => api.listMonitors({ monitorTags, page: 0, pageSize: 100 }));
    return found
      .filter(({ tags = [] }) => !tags.some((tag) => tag.startsWith('env:')) || tags.includes(`env:${environment}`))
      .slice(0, MONITORS)
      .map(({ id, name, overallState }) => ({
        id: String(id ?? ''),
        name: name ?? '',
        state: STATES[typeof overallState === 'string' ? overallState : ''] ?? 'unknown',
      }));
  }

  /** Points of each query, in milliseconds, in the order of the queries. */
  async function points(queries: readonly string[], from: number, to: number): Promise<readonly Points[]> {
    const answer = await client.call('query', 'query metrics', (api) =>
      api.queryMetrics({ from: Math.floor(from / 1000), to: Math.ceil(to / 1000), query: queries.join(',') }),
    );
    const { series } = answer;
    // Half an answer has no list, and a query that failed says so in a 200: neither is a service without requests.
    if (series === undefined || answer.status === 'error')
      throw new Failure('health-unavailable', `Datadog could not query metrics: ${oneLine(answer.error ?? 'the answer was cut off', 200)}`);
    return queries.map((_query, index) =>
      series
        .filter((one) => (one.queryIndex ?? 0) === index)
        .flatMap((one) => one.pointlist ?? [])
        .flatMap(([at, value]) => (typeof at === 'number' && typeof value === 'number' ? [[at, value] as const] : [])),
    );
  }

  return {
    async read({ service, environment, since, limits }) {
      const at = now();
      const to = at.getTime();
      const deployed = since === undefined ? to - NOW_MS : Math.min(Date.parse(since), to);
      const asked = queriesOf(config, service, environment);
      const from = Math.max(deployed, to - NOW_MS);
      // The longer the time that is asked for, the wider the buckets: those of days would leave nothing in the newest minutes.
      const spans: ReadonlyArray<readonly [number, number]> =
        to - deployed > BEFORE_MS
          ? [
              [deployed - BEFORE_MS, deployed],
              [from, to],
            ]
          : [[deployed - BEFORE_MS, to]];
      const queries = [asked.requests, asked.errors, asked.latency, asked.cpu];
      const [watching, ...parts] = await Promise.all([monitors(service, environment), ...spans.map((span) => points(queries, ...span))]);
      const [requests = [], errors = [], latency = [], cpu = []] = queries.map((_query, index) =>
        parts.flatMap((part) => part[index] ?? []),
      );
      const measured = (name: string, all: Points, threshold: number | undefined): MetricReading => {
        const newest = between(all, from, to + 1);
        const before = trend(between(all, deployed - BEFORE_MS, deployed));
        return {
          name,
          value: newest.length === 0 ? null : mean(newest),
          ...(threshold === undefined ? {} : { threshold }),
          ...(before === undefined ? {} : { before }),
        };
      };
      const seen = sum(between(requests, from, to + 1));
      const failed = sum(between(errors, from, to + 1));
      return {
        at: at.toISOString(),
        requests: seen,
        errors: failed,
        errorRate: seen > 0 ? failed / seen : null,
        healthy: null,
        monitors: watching,
        metrics: [measured('latency', latency, limits?.latency), measured('cpu', cpu, limits?.cpu)],
      };
    },
  };
}

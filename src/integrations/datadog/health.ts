import { Failure } from '../../domain/failure.ts';
import type { Points } from '../../domain/policy/trend.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { HealthReading, HealthSource, MetricReading } from '../contract.ts';
import type { DatadogClient } from './client.ts';
import type { DatadogConfig } from './config.ts';
import { queriesOf } from './queries.ts';
import { tagValue } from './tags.ts';

/** How much of the newest time counts as now, in milliseconds. */
const NOW_MS = 5 * 60_000;
/** A rise of the error rate by no more than this is none: rates near zero double easily. */
const LEAST_ERROR_RATE = 0.01;
/** Monitors that are looked at. */
const MONITORS = 20;

const STATES: Readonly<Record<string, NonNullable<HealthReading['monitors']>[number]['state']>> = {
  OK: 'ok',
  Warn: 'warn',
  Alert: 'alert',
  'No Data': 'no-data',
};

const sum = (points: Points): number => points.reduce((total, [, value]) => total + value, 0);
const mean = (points: Points): number => sum(points) / points.length;

/** Share of failed requests at each time at which there were some. */
function rates(requests: Points, errors: Points): Points {
  const failed = new Map(errors);
  return requests.flatMap(([at, count]) => (count > 0 ? [[at, Math.min(1, (failed.get(at) ?? 0) / count)] as const] : []));
}

/** How a service is, by its monitors and its metrics: two calls, and one for each further time that a trend is wanted of. */
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
    async read({ service, environment, since, limits, trend }) {
      const at = now();
      const to = at.getTime();
      const from = since === undefined ? to - NOW_MS : Math.max(Math.min(Date.parse(since), to), to - NOW_MS);
      const asked = queriesOf(config, service, environment);
      const queries = [asked.requests, asked.errors, asked.latency, asked.cpu];
      // Each time is asked for by itself: the longer it is, the wider its buckets, and those of days would leave nothing in the newest minutes.
      const measure = async (span: { readonly from: number; readonly to: number }) => {
        const all = await points(queries, span.from, span.to);
        const [requests = [], errors = [], latency = [], cpu = []] = all;
        return { requests, errors, latency, cpu, rate: rates(requests, errors) };
      };
      const afterwards = trend === undefined || (trend.after.from === from && trend.after.to === to) ? null : trend.after;
      const [watching, present, later, ...earlier] = await Promise.all([
        monitors(service, environment),
        measure({ from, to }),
        afterwards === null ? null : measure(afterwards),
        ...(trend?.before ?? []).map(measure),
      ]);
      const trendOf = (kind: 'rate' | 'latency' | 'cpu'): Pick<MetricReading, 'trend'> =>
        trend === undefined ? {} : { trend: { after: (later ?? present)[kind], before: earlier.map((each) => each[kind]) } };
      const measured = (name: 'latency' | 'cpu', threshold: number | undefined): MetricReading => ({
        name,
        value: present[name].length === 0 ? null : mean(present[name]),
        ...(threshold === undefined ? {} : { threshold }),
        ...trendOf(name),
      });
      const [seen, failed] = [sum(present.requests), sum(present.errors)];
      const errorRate = seen > 0 ? failed / seen : null;
      return {
        at: at.toISOString(),
        requests: seen,
        errors: failed,
        errorRate,
        healthy: null,
        monitors: watching,
        metrics: [
          measured('latency', limits?.latency),
          measured('cpu', limits?.cpu),
          { name: 'error rate', value: errorRate, least: LEAST_ERROR_RATE, ...trendOf('rate') },
        ],
      };
    },
  };
}

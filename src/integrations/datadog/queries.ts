import type { DatadogConfig } from './config.ts';
import { scope } from './tags.ts';

/** What is asked of a service's metrics, as queries without a window. */
export function queriesOf(config: Pick<DatadogConfig, 'metrics' | 'latencyBy'>, service: string, environment: string) {
  const { requests, errors, latency, cpu } = config.metrics;
  const filter = `{${scope(service, environment)}}`;
  return {
    requests: `sum:${requests}${filter}.as_count()`,
    errors: `sum:${errors}${filter}.as_count()`,
    latency: `${config.latencyBy}:${latency}${filter}`,
    cpu: `avg:${cpu}${filter}`,
  } as const;
}

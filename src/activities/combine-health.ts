import { Failure } from '../domain/failure.ts';
import type { HealthReading, HealthSource } from '../integrations/contract.ts';

/** Several measurements of one service as one: requests by whoever counts them, all monitors and values, and a health endpoint that fails anywhere fails. */
export function combineReadings(readings: readonly [HealthReading, ...HealthReading[]]): HealthReading {
  const [first] = readings;
  const counted = readings.find(({ errorRate }) => errorRate !== null) ?? first;
  const monitors = readings.flatMap((each) => each.monitors ?? []);
  const metrics = readings.flatMap((each) => each.metrics ?? []);
  const asked = readings.filter(({ healthy }) => healthy !== null);
  return {
    at: counted.at,
    requests: counted.requests,
    errors: counted.errors,
    errorRate: counted.errorRate,
    healthy: asked.length === 0 ? null : asked.every(({ healthy }) => healthy === true),
    ...(monitors.length === 0 ? {} : { monitors: monitors.slice(0, 20) }),
    ...(metrics.length === 0 ? {} : { metrics: metrics.slice(0, 20) }),
  };
}

/** One health source made of all that are configured; null where there is none. What one of them cannot measure the others may; when none can, the first failure is thrown. */
export function combineHealth(sources: readonly HealthSource[]): HealthSource | null {
  const [only, ...others] = sources;
  if (only === undefined || others.length === 0) return only ?? null;
  return {
    async read(input) {
      const results = await Promise.allSettled(sources.map((source) => source.read(input)));
      const [first, ...rest] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      // A fault of ours is not hidden by what the others say; the doctor tells of keys and permissions.
      const grave = failed.find((error) => !(error instanceof Failure) || error.code === 'bug');
      if (grave !== undefined) throw grave;
      if (first === undefined) throw failed[0];
      return combineReadings([first, ...rest]);
    },
  };
}

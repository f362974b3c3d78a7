import { Failure } from '../domain/failure.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import { judgeReading } from '../domain/policy/judge-reading.ts';
import { trendSpans } from '../domain/policy/trend.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { HealthSource } from '../integrations/contract.ts';
import type { HealthFacts, HealthWindow } from './contract.ts';
import type { ActivityDeps } from './deps.ts';

/** A window of the policy's length is not asked for where a reading stands alone. */
const ALONE_MS = 20 * 60_000;

/** Measures a service once and judges it by its policy: limits, and its own trend from before the problem was reported. */
export async function measure(
  deps: Pick<ActivityDeps, 'now' | 'redact' | 'log'> & { readonly health: HealthSource },
  repo: RepoRef,
  service: RepositoryPolicy['services'][number],
  { since, reported, windowMs = ALONE_MS }: HealthWindow,
): Promise<HealthFacts> {
  const { latency, cpu } = service.monitors ?? {};
  const now = deps.now().getTime();
  const spans = trendSpans({
    now,
    reported: Date.parse(reported ?? since ?? deps.now().toISOString()),
    ...(since === undefined ? {} : { deployed: Date.parse(since) }),
    windowMs,
  });
  try {
    const reading = await deps.health.read({
      repo,
      service: service.name,
      environment: service.environment,
      ...(since === undefined ? {} : { since }),
      trend: { after: spans.after, before: spans.before },
      limits: {
        ...(latency === undefined ? {} : { latency: latency.threshold }),
        ...(cpu === undefined ? {} : { cpu: cpu.threshold }),
      },
    });
    return judgeReading(reading, { maxErrorRate: service.maxErrorRate, rule: service.trend, spans }, deps.redact);
  } catch (error) {
    if (error instanceof Failure && error.code === 'health-unavailable') {
      // Production restarts while it is deployed: that it cannot be measured now is a reading, and the judge sees the gap.
      deps.log.info({ service: service.name, reason: deps.redact(error.message) }, 'production could not be measured');
      return { at: deps.now().toISOString(), requests: 0, errorRate: null, ok: null };
    }
    throw error;
  }
}

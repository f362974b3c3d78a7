/** One measured value, its limit and what was usual before. */
interface Measured {
  readonly name: string;
  readonly value: number | null;
  readonly threshold?: number;
  readonly before?: { readonly mean: number; readonly deviation: number };
}

/** What a health source says, as far as it is judged. */
interface HealthReading {
  readonly at: string;
  readonly requests: number;
  readonly errorRate: number | null;
  readonly healthy: boolean | null;
  readonly monitors?: ReadonlyArray<{ readonly name: string; readonly state: 'ok' | 'warn' | 'alert' | 'no-data' | 'unknown' }>;
  readonly metrics?: readonly Measured[];
}

/** One reading, judged: small, for history. */
export interface JudgedReading {
  readonly at: string;
  readonly requests: number;
  readonly errorRate: number | null;
  /** Null where nothing was measured. */
  readonly ok: boolean | null;
  /** Why it is not healthy, one line. */
  readonly why?: string;
  /** Values that are clearly beyond what they used to be; at most 5. */
  readonly degraded?: readonly string[];
}

/** Beyond the usual: three standard deviations above the mean, and a fifth above it, so that a very steady value may move a little. */
const DEVIATIONS = 3;
const SHARE = 1.2;
const NAMED = 5;

/** Whether a value is clearly above its own trend. */
export function beyondTrend({ value, before }: Pick<Measured, 'value' | 'before'>): boolean {
  return value !== null && before !== undefined && value > before.mean + DEVIATIONS * before.deviation && value > before.mean * SHARE;
}

const short = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 80);

/** What one reading says of a service: error rate, monitors, measured values against their limits, and the health endpoint; any of them can say no, and one that really measured must say yes. */
export function judgeReading(reading: HealthReading, maxErrorRate: number, redact: (text: string) => string): JudgedReading {
  const { at, requests, errorRate, healthy, monitors = [], metrics = [] } = reading;
  const over = metrics.filter(({ value, threshold }) => value !== null && threshold !== undefined && value > threshold);
  const alerting = monitors.filter(({ state }) => state === 'alert');
  const against = [
    ...(healthy === false ? ['the health endpoint fails'] : []),
    ...(errorRate !== null && errorRate > maxErrorRate ? [`errors at ${(errorRate * 100).toFixed(1)} %`] : []),
    ...alerting.map(({ name }) => `the monitor ${short(name)} alerts`),
    ...over.map(({ name, value, threshold }) => `${short(name)} at ${value} of at most ${threshold}`),
  ];
  const measured =
    errorRate !== null ||
    monitors.some(({ state }) => state === 'ok' || state === 'warn') ||
    metrics.some(({ value, threshold }) => value !== null && threshold !== undefined);
  const degraded = metrics
    .filter(beyondTrend)
    .map(({ name }) => short(redact(name)))
    .slice(0, NAMED);
  return {
    at,
    requests,
    errorRate,
    // A health endpoint alone can say no, but not yes.
    ok: against.length > 0 ? false : measured ? true : null,
    ...(against.length === 0 ? {} : { why: redact(against.join('; ')).slice(0, 300) }),
    ...(degraded.length === 0 ? {} : { degraded }),
  };
}

import { judgeTrend, type Trend, type TrendRule, type TrendSpans } from './trend.ts';

/** One measured value, its limit and its trend. */
interface Measured {
  readonly name: string;
  readonly value: number | null;
  readonly threshold?: number;
  readonly least?: number;
  readonly trend?: Trend;
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
  /** What the values were compared with besides limits, and what came of it, one line. */
  readonly trend?: string;
}

/** What a reading is judged by. */
export interface ReadingRules {
  readonly maxErrorRate: number;
  readonly rule: TrendRule;
  readonly spans: TrendSpans;
}

/** What a reading says of itself where nothing is known to have been usual. */
export const LIMITS_ONLY = 'no trend is known from before, so limits alone count';

const NAMED = 5;

const short = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 80);

const figure = (value: number): string => String(Number(value.toPrecision(3)));

/** What trends say of all values: which are beyond theirs, and in words. */
function judgeTrends(
  metrics: readonly Measured[],
  { rule, spans }: ReadingRules,
): { readonly beyond: readonly string[]; readonly words: string } {
  const judged = metrics.flatMap(({ name, trend, least }) => {
    const says = trend === undefined ? { kind: 'none' as const } : judgeTrend(trend, spans, rule, least);
    return says.kind === 'none' ? [] : [{ name: short(name), ...says }];
  });
  if (judged.length === 0) return { beyond: [], words: LIMITS_ONLY };
  const beyond = judged.filter(({ kind }) => kind === 'beyond').slice(0, NAMED);
  const usual = judged.filter(({ kind }) => kind === 'usual').map(({ name }) => name);
  const words = [
    ...beyond.map(({ name, value, usual: was, label }) => `${name} at ${figure(value)}, ${figure(was)} in ${label}`),
    ...(usual.length === 0
      ? []
      : [`${usual.slice(0, NAMED).join(', ')} as in ${judged.find(({ kind }) => kind === 'usual')?.label ?? ''}`]),
  ];
  return { beyond: beyond.map(({ name }) => name), words: words.join('; ') };
}

/** What one reading says of a service: error rate, monitors, measured values against their limits, and the health endpoint; any of them can say no, and one that really measured must say yes. Beside it, what values say against their own trend. */
export function judgeReading(reading: HealthReading, rules: ReadingRules, redact: (text: string) => string): JudgedReading {
  const { at, requests, errorRate, healthy, monitors = [], metrics = [] } = reading;
  const over = metrics.filter(({ value, threshold }) => value !== null && threshold !== undefined && value > threshold);
  const alerting = monitors.filter(({ state }) => state === 'alert');
  const against = [
    ...(healthy === false ? ['the health endpoint fails'] : []),
    ...(errorRate !== null && errorRate > rules.maxErrorRate ? [`errors at ${(errorRate * 100).toFixed(1)} %`] : []),
    ...alerting.map(({ name }) => `the monitor ${short(name)} alerts`),
    ...over.map(({ name, value, threshold }) => `${short(name)} at ${value} of at most ${threshold}`),
  ];
  const measured =
    errorRate !== null ||
    monitors.some(({ state }) => state === 'ok' || state === 'warn') ||
    metrics.some(({ value, threshold }) => value !== null && threshold !== undefined);
  const { beyond, words } = judgeTrends(metrics, rules);
  return {
    at,
    requests,
    errorRate,
    // A health endpoint alone can say no, but not yes.
    ok: against.length > 0 ? false : measured ? true : null,
    ...(against.length === 0 ? {} : { why: redact(against.join('; ')).slice(0, 300) }),
    ...(beyond.length === 0 ? {} : { degraded: beyond.map((name) => redact(name)) }),
    trend: redact(words).slice(0, 300),
  };
}

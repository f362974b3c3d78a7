const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** A stretch of time in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Measured points, each at its time in milliseconds since the epoch. */
export type Points = ReadonlyArray<readonly [at: number, value: number]>;

/** What is compared with what: the time after, and what was usual before the problem was reported, each by a name for people. */
export interface TrendSpans {
  readonly after: Span;
  readonly before: readonly Span[];
  readonly labels: readonly string[];
  /** Hour by hour with the same hours before, as what people do has days and weeks; else all at once. */
  readonly hourly: boolean;
}

/** When a value is beyond what was usual, from the policy of the service. */
export interface TrendRule {
  /** Times the usual middle: 1.2 is a fifth above it. */
  readonly rise: number;
  /** So many robust deviations above the usual middle, where minutes are compared. */
  readonly deviations: number;
  /** Share of the hours that must be above the same hours before, where days are compared. */
  readonly hours: number;
}

/** One measured value over both times; a missing point is a missing point, not a zero. */
export interface Trend {
  readonly after: Points;
  readonly before: readonly Points[];
}

/** What the trend of one value says; `none`: too little is known to call anything usual. */
export type TrendSays =
  | { readonly kind: 'none' }
  | { readonly kind: 'usual' | 'beyond'; readonly value: number; readonly usual: number; readonly label: string };

/** Fewer points or hours than these are samples, no trend. */
const MIN_AFTER = 3;
const MIN_BEFORE = 5;
const MIN_HOURS = 6;
/** Of the hours of a window, so many must be known in both times. */
const KNOWN_HOURS = 0.5;

const days = (shift: number): string => (shift === DAY ? 'a day' : shift % WEEK === 0 ? weeks(shift / WEEK) : `${shift / DAY} days`);
const weeks = (count: number): string => (count === 1 ? 'a week' : `${count} weeks`);

/**
 * What a window is compared with. Usual is what was before the problem was first reported, because from then on production was ill. Minutes are
 * compared with as many minutes, an hour at least; from a day on the same hours a day and a week earlier are, the latest that were all before it.
 */
export function trendSpans(input: {
  readonly now: number;
  /** When the problem was first reported. */
  readonly reported: number;
  /** When the fix went live; absent: it has not, or long ago. */
  readonly deployed?: number;
  readonly windowMs: number;
}): TrendSpans {
  const { now, windowMs, deployed } = input;
  if (windowMs >= DAY) {
    const after = { from: now - windowMs, to: now };
    const units = windowMs >= WEEK ? [WEEK] : [DAY, WEEK];
    const shifts = [...new Set(units.map((unit) => unit * Math.ceil(Math.max(windowMs, now - input.reported) / unit)))];
    return {
      after,
      before: shifts.map((shift) => ({ from: after.from - shift, to: after.to - shift })),
      labels: shifts.map((shift) => `the same hours ${days(shift)} earlier`),
      hourly: true,
    };
  }
  const newest = now - Math.min(HOUR, Math.max(5 * MINUTE, windowMs / 4));
  const after = { from: Math.max(newest, Math.min(deployed ?? newest, now)), to: now };
  const until = Math.min(input.reported, after.from);
  const length = Math.max(windowMs, HOUR);
  return {
    after,
    before: [{ from: until - length, to: until }],
    labels: [`the ${Math.round(length / MINUTE)} minutes before it was reported`],
    hourly: false,
  };
}

/** The middle of some values, which a few wild ones do not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

/** Median absolute deviation, scaled to be a standard deviation where values are spread normally. */
function spread(values: readonly number[]): number {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

const valuesOf = (points: Points): readonly number[] => points.map(([, value]) => value);

/** The middle of each hour of a span, by its number. */
function byHour(points: Points, { from }: Span): ReadonlyMap<number, number> {
  const hours = new Map<number, number[]>();
  for (const [at, value] of points) {
    const hour = Math.floor((at - from) / HOUR);
    hours.set(hour, [...(hours.get(hour) ?? []), value]);
  }
  return new Map([...hours].map(([hour, values]) => [hour, median(values)]));
}

interface Compared {
  readonly beyond: boolean;
  readonly value: number;
  readonly usual: number;
}

function compareHours(
  after: ReadonlyMap<number, number>,
  before: ReadonlyMap<number, number>,
  rule: TrendRule,
  least: number,
  of: number,
): Compared | null {
  const pairs = [...after].flatMap(([hour, value]) => {
    const was = before.get(hour);
    return was === undefined ? [] : [{ value, was }];
  });
  if (pairs.length < Math.max(MIN_HOURS, of * KNOWN_HOURS)) return null;
  const usual = median(pairs.map(({ was }) => was));
  const higher = pairs.filter(({ value, was }) => value > was).length;
  const risen = median(pairs.map(({ value, was }) => value - was));
  return {
    beyond: risen > Math.max(least, (rule.rise - 1) * usual) && higher >= rule.hours * pairs.length,
    value: median(pairs.map(({ value }) => value)),
    usual,
  };
}

function compareAll(after: readonly number[], before: readonly number[], rule: TrendRule, least: number): Compared | null {
  if (after.length < MIN_AFTER || before.length < MIN_BEFORE) return null;
  const [value, usual] = [median(after), median(before)];
  return { beyond: value > usual + Math.max(least, rule.deviations * spread(before), (rule.rise - 1) * usual), value, usual };
}

/** What the trend of one value says. Beyond is only what is beyond everything that is known to have been usual; a rise of no more than `least` is none. */
export function judgeTrend(trend: Trend, spans: TrendSpans, rule: TrendRule, least = 0): TrendSays {
  const hours = Math.round((spans.after.to - spans.after.from) / HOUR);
  const compared = spans.before.flatMap((span, at) => {
    const before = trend.before[at] ?? [];
    const result = spans.hourly
      ? compareHours(byHour(trend.after, spans.after), byHour(before, span), rule, least, hours)
      : compareAll(valuesOf(trend.after), valuesOf(before), rule, least);
    return result === null ? [] : [{ ...result, label: spans.labels[at] ?? '' }];
  });
  const [first] = compared;
  if (first === undefined) return { kind: 'none' };
  const within = compared.find(({ beyond }) => !beyond);
  const { value, usual, label } = within ?? first;
  return { kind: within === undefined ? 'beyond' : 'usual', value, usual, label };
}

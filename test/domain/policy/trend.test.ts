import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeTrend, median, type Points, type Span, type TrendRule, trendSpans } from '../../../src/domain/policy/trend.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const now = Date.parse('2026-11-23T10:30:00.000Z');
const rule: TrendRule = { rise: 1.2, deviations: 3, hours: 0.75 };
const iso = ({ from, to }: Span) => [from, to].map((at) => new Date(at).toISOString().slice(5, 16));
const every = (step: number, { from, to }: Span, value: (at: number) => number | null): Points => {
  const points: Array<readonly [number, number]> = [];
  for (let at = from; at < to; at += step) {
    const given = value(at);
    if (given !== null) points.push([at, given]);
  }
  return points;
};

describe('what a window is compared with', () => {
  it('is as long a time before the problem was reported, an hour at least', () => {
    const spans = trendSpans({ now, reported: now - 3 * HOUR, deployed: now - 2 * MINUTE, windowMs: 20 * MINUTE });
    expect(iso(spans.after)).toEqual(['11-23T10:28', '11-23T10:30']);
    expect(spans.before.map(iso)).toEqual([['11-23T06:30', '11-23T07:30']]);
    expect(spans.labels).toEqual(['the 60 minutes before it was reported']);
    const longer = trendSpans({ now, reported: now - 12 * HOUR, windowMs: 6 * HOUR });
    expect(iso(longer.after)).toEqual(['11-23T09:30', '11-23T10:30']);
    expect(longer.before.map(iso)).toEqual([['11-22T16:30', '11-22T22:30']]);
  });

  it('is the same hours a day and a week earlier from a day on: the latest that were all before it was reported', () => {
    const spans = trendSpans({ now, reported: now - 25 * HOUR, windowMs: DAY });
    expect(iso(spans.after)).toEqual(['11-22T10:30', '11-23T10:30']);
    expect(spans.before.map(iso)).toEqual([
      ['11-20T10:30', '11-21T10:30'],
      ['11-15T10:30', '11-16T10:30'],
    ]);
    expect(spans.labels).toEqual(['the same hours 2 days earlier', 'the same hours a week earlier']);
    const week = trendSpans({ now, reported: now - 7 * DAY - HOUR, windowMs: 7 * DAY });
    expect(week.before.map(iso)).toEqual([['11-02T10:30', '11-09T10:30']]);
    expect(week.labels).toEqual(['the same hours 2 weeks earlier']);
  });

  it('is never later than the report', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * DAY }), fc.integer({ min: 1, max: 30 * DAY }), (ago, windowMs) => {
        const reported = now - ago;
        const { after, before } = trendSpans({ now, reported, windowMs });
        for (const span of before) {
          expect(span.to).toBeLessThanOrEqual(reported);
          expect(span.to).toBeLessThanOrEqual(after.from);
          expect(span.from).toBeLessThan(span.to);
        }
      }),
    );
  });
});

describe('the trend of a value over minutes', () => {
  const spans = trendSpans({ now, reported: now - 10 * MINUTE, deployed: now - 5 * MINUTE, windowMs: 20 * MINUTE });
  const [before] = spans.before;
  if (before === undefined) throw new Error('nothing is compared');
  const usually = every(MINUTE, before, (at) => 40 + ((at / MINUTE) % 5));
  const says = (after: Points, was: Points = usually, least = 0) => judgeTrend({ after, before: [was] }, spans, rule, least);
  const steady = (value: number) => every(MINUTE, spans.after, () => value);

  it('is beyond what was usual only where it is clearly higher', () => {
    expect(says(steady(80))).toMatchObject({ kind: 'beyond', value: 80, usual: 42 });
    expect(says(steady(44))).toMatchObject({ kind: 'usual' });
    // Many deviations above a very steady value, and still less than a fifth.
    expect(
      says(
        steady(46),
        every(MINUTE, before, () => 40),
      ).kind,
    ).toBe('usual');
    expect(
      says(
        steady(0.008),
        every(MINUTE, before, () => 0),
        0.01,
      ).kind,
    ).toBe('usual');
    expect(
      says(
        steady(0.02),
        every(MINUTE, before, () => 0),
        0.01,
      ).kind,
    ).toBe('beyond');
  });

  it('is moved neither by one wild sample after nor by some before', () => {
    const wild = steady(41).map(([at, value], index) => [at, index === 2 ? 10_000 : value] as const);
    expect(says(wild).kind).toBe('usual');
    const spiked = usually.map(([at, value], index) => [at, index % 6 === 0 ? 10_000 : value] as const);
    expect(says(steady(80), spiked).kind).toBe('beyond');
  });

  it('is none where there are only samples', () => {
    expect(says(steady(80).slice(0, 2)).kind).toBe('none');
    expect(says(steady(80), usually.slice(0, 4)).kind).toBe('none');
    expect(judgeTrend({ after: steady(80), before: [] }, spans, rule).kind).toBe('none');
  });

  it('is never beyond while it is no higher than before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 5, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const was = values.map((value, index) => [before.from + index, value] as const);
          expect(says(steady(median(values) * share), was).kind).toBe('usual');
        },
      ),
    );
  });
});

describe('the trend of a value over days', () => {
  /** Busy by day, calm at night, calmer on the two days around 22 November 2026, a Sunday. */
  const usually = (at: number) => {
    const hour = (at % DAY) / HOUR;
    const weekend = [6, 0].includes(new Date(at).getUTCDay());
    return (100 + 80 * Math.sin((hour / 24) * 2 * Math.PI)) * (weekend ? 0.5 : 1);
  };
  const told = (at: number, windowMs: number, factor: (at: number) => number, known: (at: number) => boolean = () => true) => {
    const spans = trendSpans({ now: at, reported: at - windowMs - HOUR, windowMs });
    const step = windowMs > DAY ? HOUR : 5 * MINUTE;
    return judgeTrend(
      {
        after: every(step, spans.after, (when) => usually(when) * factor(when)),
        before: spans.before.map((span) => every(step, span, (when) => (known(when) ? usually(when) : null))),
      },
      spans,
      rule,
    );
  };
  const wednesday = Date.parse('2026-11-25T12:00:00.000Z');
  const monday = Date.parse('2026-11-24T00:00:00.000Z');

  it('knows the hours of a day: what is usual at noon is not worse than what is usual at night', () => {
    expect(told(wednesday, DAY, () => 1)).toMatchObject({ kind: 'usual', label: 'the same hours 2 days earlier' });
    expect(told(wednesday, DAY, () => 1.6)).toMatchObject({ kind: 'beyond' });
    expect(told(wednesday, 7 * DAY, () => 1).kind).toBe('usual');
    expect(told(wednesday, 7 * DAY, () => 1.6).kind).toBe('beyond');
  });

  it('knows the days of a week: a Monday is compared with the Monday before, too', () => {
    expect(told(monday, DAY, () => 1)).toMatchObject({ kind: 'usual', label: 'the same hours a week earlier' });
    expect(told(monday, DAY, () => 1.6)).toMatchObject({ kind: 'beyond' });
  });

  it('grows slowly into being beyond it, and not by a bad hour', () => {
    const start = wednesday - 7 * DAY;
    expect(told(wednesday, 7 * DAY, (at) => 1 + (at - start) / (7 * DAY)).kind).toBe('beyond');
    expect(told(wednesday, DAY, (at) => (at > wednesday - 2 * HOUR ? 20 : 1)).kind).toBe('usual');
  });

  it('is compared with what is there, and is none where less than half of it is', () => {
    const since = (ago: number) => (at: number) => at > wednesday - ago;
    // Nothing a week ago: the two days before are enough.
    expect(told(wednesday, DAY, () => 1.6, since(4 * DAY))).toMatchObject({ kind: 'beyond', label: 'the same hours 2 days earlier' });
    expect(told(wednesday, DAY, () => 1.6, since(2 * DAY + 8 * HOUR)).kind).toBe('none');
  });
});

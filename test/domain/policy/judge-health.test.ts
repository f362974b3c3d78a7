import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../src/domain/policy/judge-health.ts';
import { judgeHealth } from '../../../src/domain/policy/judge-health.ts';
import { judgeReading, LIMITS_ONLY, type ReadingRules } from '../../../src/domain/policy/judge-reading.ts';
import { judgeWatched } from '../../../src/domain/policy/judge-watched.ts';
import { trendSpans } from '../../../src/domain/policy/trend.ts';

const plain = (text: string) => text;
const now = Date.parse('2026-11-23T10:00:00.000Z');
const spans = trendSpans({ now, reported: now - 600_000, windowMs: 1_200_000 });
const rules: ReadingRules = { maxErrorRate: 0.01, rule: { rise: 1.2, deviations: 3, hours: 0.75 }, spans };
const at = (from: number, ...values: readonly number[]) => values.map((value, index) => [from + index * 60_000, value] as const);
const usual = at(spans.before[0]?.from ?? 0, 38, 41, 40, 43, 39, 40);
const reading = (over: Partial<Parameters<typeof judgeReading>[0]> = {}) =>
  judgeReading({ at: '2026-11-23T10:00:00.000Z', requests: 100, errorRate: 0, healthy: true, ...over }, rules, plain);
const cpu = (value: number | null, threshold?: number) => ({
  name: 'cpu',
  value,
  ...(threshold === undefined ? {} : { threshold }),
  trend: { after: value === null ? [] : at(spans.after.from, value, value, value), before: [usual] },
});
const after = (readings: readonly Reading[], over: Partial<Parameters<typeof judgeHealth>[0]> = {}) =>
  judgeHealth({ before: null, after: readings, windowMs: 100, elapsedMs: 100, timeoutMs: 200, ...over });
const times = (count: number, one: Reading): readonly Reading[] => Array.from({ length: count }, () => one);

describe('one reading', () => {
  it.each([
    ['errors within the limit', {}, true, undefined],
    ['errors above it', { errorRate: 0.02 }, false, 'errors at 2.0 %'],
    ['a health endpoint that fails, whatever else', { healthy: false }, false, 'the health endpoint fails'],
    ['a health endpoint alone, which cannot say yes', { errorRate: null }, null, undefined],
    ['a monitor that is calm', { errorRate: null, monitors: [{ name: 'errors', state: 'ok' as const }] }, true, undefined],
    ['a monitor that alerts', { monitors: [{ name: 'errors', state: 'alert' as const }] }, false, 'the monitor errors alerts'],
    ['monitors that know nothing', { errorRate: null, monitors: [{ name: 'errors', state: 'no-data' as const }] }, null, undefined],
    ['a value within its limit', { errorRate: null, metrics: [cpu(50, 80)] }, true, undefined],
    ['a value above its limit', { metrics: [cpu(90, 80)] }, false, 'cpu at 90 of at most 80'],
    ['a value without a limit, which cannot say yes', { errorRate: null, metrics: [cpu(40)] }, null, undefined],
  ])('judges %s', (_title, over, ok, why) => {
    expect(reading(over)).toMatchObject({ ok, ...(why === undefined ? {} : { why }) });
  });

  it('names what is beyond its own trend, redacted and on one line', () => {
    const metrics = [{ ...cpu(80), name: 'cpu of\nauth hunter2' }, cpu(46)];
    const judged = judgeReading({ at: '', requests: 0, errorRate: null, healthy: null, metrics }, rules, (text) =>
      text.replace('hunter2', '***'),
    );
    expect(judged.degraded).toEqual(['cpu of auth ***']);
  });

  it('says what values were compared with and what came of it, or that there was nothing', () => {
    expect(reading({ metrics: [cpu(80), { ...cpu(41), name: 'latency' }] }).trend).toBe(
      'cpu at 80, 40 in the 60 minutes before it was reported; latency as in the 60 minutes before it was reported',
    );
    expect(reading({ metrics: [{ name: 'cpu', value: 80 }] })).toMatchObject({ trend: LIMITS_ONLY });
    expect(reading({ metrics: [{ ...cpu(80), trend: { after: at(now, 80, 80, 80), before: [[]] } }] })).toMatchObject({
      trend: LIMITS_ONLY,
    });
  });
});

describe('the readings after a deployment', () => {
  const well = reading();
  const ill = reading({ errorRate: 0.15 });

  it.each([
    ['better: healthy through the window', after(times(3, well)), 'better'],
    [
      'better: by monitors, where no requests are counted',
      after(times(2, reading({ requests: 0, errorRate: null, monitors: [{ name: 'm', state: 'ok' }] }))),
      'better',
    ],
    ['better: late, when it recovered and held', after([ill, ...times(3, well)], { elapsedMs: 250, timeoutMs: 1000 }), 'better'],
    ['wait: the window has not passed', after(times(3, well), { elapsedMs: 50 }), 'wait'],
    ['wait: one reading is none', after([well]), 'wait'],
    ['unchanged: errors as before', after(times(3, ill), { before: ill, elapsedMs: 200 }), 'unchanged'],
    ['worse: errors rose, at once', after(times(2, ill), { before: well, elapsedMs: 1 }), 'worse'],
    ['wait: one bad reading is no proof', after([well, ill], { before: well, elapsedMs: 1 }), 'wait'],
    ['worse: a value left its trend', after(times(2, reading({ metrics: [cpu(90)] })), { before: well, elapsedMs: 1 }), 'worse'],
    [
      'unchanged: it was beyond its trend before',
      after(times(2, reading({ metrics: [cpu(90, 80)] })), { before: reading({ metrics: [cpu(90, 80)] }), elapsedMs: 200 }),
      'unchanged',
    ],
    [
      'inconclusive: within its limits again, but not as usual',
      after(times(3, reading({ metrics: [cpu(70, 80)] })), { before: reading({ metrics: [cpu(90, 80)] }), elapsedMs: 200 }),
      'inconclusive',
    ],
    [
      'unchanged: only its trend ever showed it, and still does',
      after(times(3, reading({ metrics: [cpu(70)] })), { before: reading({ metrics: [cpu(72)] }), elapsedMs: 200 }),
      'unchanged',
    ],
    [
      'wait: within its limits, and not as usual yet',
      after(times(3, reading({ metrics: [cpu(70)] })), { before: reading({ metrics: [cpu(72)] }) }),
      'wait',
    ],
    [
      'better: as usual again',
      after([reading({ metrics: [cpu(70)] }), ...times(2, reading({ metrics: [cpu(41)] }))], {
        before: reading({ metrics: [cpu(72)] }),
        elapsedMs: 200,
        timeoutMs: 1000,
      }),
      'better',
    ],
    ['inconclusive: nobody used it', after(times(3, reading({ requests: 0 })), { elapsedMs: 200 }), 'inconclusive'],
    ['inconclusive: nothing could be measured', after([], { elapsedMs: 200 }), 'inconclusive'],
    ['inconclusive: well only at the end', after([...times(2, ill), well], { before: ill, elapsedMs: 200 }), 'inconclusive'],
  ])('are %s', (_title, judged, verdict) => {
    expect(judged.verdict).toBe(verdict);
    expect(judged.detail).not.toBe('');
  });

  it('are never better while the newest is bad, and never worse with errors no higher than before', () => {
    const some = fc.array(fc.record({ requests: fc.nat(1000), errorRate: fc.double({ min: 0, max: 1, noNaN: true }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(1000), (list, was, elapsedMs) => {
        const readings = list.map((each) => reading(each));
        const { verdict } = after(readings, { before: reading({ errorRate: was }), elapsedMs, timeoutMs: 500 });
        if (readings.at(-1)?.ok === false) expect(verdict).not.toBe('better');
        if (list.every((each) => each.errorRate <= was)) expect(verdict).not.toBe('worse');
      }),
    );
  });
});

describe('the readings of a later horizon', () => {
  const well = reading({ metrics: [cpu(41)] });
  const ill = reading({ errorRate: 0.15 });
  const risen = reading({ metrics: [cpu(70)] });

  it.each([
    ['better: within its limits and as usual', null, [well], 'better', /^within its limits: cpu as in the 60 minutes/],
    ['better: within its limits, where nothing else is known', null, [reading()], 'better', /no trend is known/],
    ['again: beyond its limits once', null, [ill], 'again', /errors at 15.0 %/],
    ['worse: beyond its limits twice', null, [ill, ill], 'worse', /errors at 15.0 %/],
    ['better: beyond its limits and well again', null, [ill, well], 'better', /within/],
    ['again: beyond its trend once', well, [risen], 'again', /cpu not as usual: cpu at 70, 40 in/],
    ['worse: beyond its trend twice, within every limit', well, [risen, risen], 'worse', /cpu not as usual: cpu at 70, 40 in/],
    ['unchanged: as far from usual as when it was verified', risen, [risen], 'unchanged', /as it was when the fix was verified/],
    ['inconclusive: nothing has a limit', null, [reading({ errorRate: null })], 'inconclusive', /nothing that has a limit/],
    ['inconclusive: nothing could be measured', null, [], 'inconclusive', /could not be measured/],
  ] as const)('are %s', (_title, before, readings, verdict, detail) => {
    const judged = judgeWatched({ before, after: readings });
    expect(judged.verdict).toBe(verdict);
    expect(judged.detail).toMatch(detail);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../src/domain/policy/judge-health.ts';
import { judgeHealth } from '../../../src/domain/policy/judge-health.ts';
import { beyondTrend, judgeReading } from '../../../src/domain/policy/judge-reading.ts';

const plain = (text: string) => text;
const reading = (over: Partial<Parameters<typeof judgeReading>[0]> = {}) =>
  judgeReading({ at: '2026-11-23T10:00:00.000Z', requests: 100, errorRate: 0, healthy: true, ...over }, 0.01, plain);
const cpu = (value: number | null, threshold?: number) => ({
  name: 'cpu',
  value,
  ...(threshold === undefined ? {} : { threshold }),
  before: { mean: 40, deviation: 5 },
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
    const judged = judgeReading({ at: '', requests: 0, errorRate: null, healthy: null, metrics }, 0.01, (text) =>
      text.replace('hunter2', '***'),
    );
    expect(judged.degraded).toEqual(['cpu of auth ***']);
  });

  it('never calls a value worse that is no higher than usual', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (mean, deviation, share) => {
          expect(beyondTrend({ value: mean * share, before: { mean, deviation } })).toBe(false);
        },
      ),
    );
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

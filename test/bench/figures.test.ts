import { describe, expect, it } from 'vitest';
import { covered } from '../../bench/activity-times.ts';
import { table } from '../../bench/figure.ts';
import { quantile } from '../../bench/statistics.ts';

describe('statistics of the bench', () => {
  it('take quantiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([quantile(hundred, 0), quantile(hundred, 0.5), quantile(hundred, 0.99), quantile(hundred, 1)]).toEqual([1, 50, 99, 100]);
  });

  it('refuse to say anything about no samples', () => {
    expect(() => quantile([], 0.5)).toThrow('no samples');
  });

  it('count time once in which commands run side by side', () => {
    const intervals = [
      { from: 10, to: 20 },
      { from: 0, to: 5 },
      { from: 12, to: 15 },
      { from: 18, to: 25 },
    ];
    expect(covered(intervals)).toBe(20);
  });
});

describe('the table of the bench', () => {
  it('says which target was missed and which figure has none', () => {
    const figure = { name: 'a', ours: '1', plain: '2', apart: '3', target: '4' };
    const lines = table([
      { ...figure, met: false },
      { ...figure, met: true },
      { ...figure, met: null },
    ]).split('\n');
    expect(lines.slice(2).map((line) => line.split(/\s+/).at(-1))).toEqual(['NO', 'yes', '-']);
  });
});

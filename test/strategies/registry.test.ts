import { describe, expect, it } from 'vitest';
import { climb } from '../../src/strategies/ladder.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { contextOf } from './context.ts';

describe('the ladder of every strategy', () => {
  it('lists ranks and codes of each', () => {
    for (const { id, ranks, refuses } of strategies) {
      expect(ranks.length, id).toBeGreaterThan(0);
      expect(Object.keys(refuses).length, id).toBeGreaterThan(0);
      for (const code of Object.keys(refuses)) expect(code).toMatch(/^[a-z][a-z-]{2,59}$/);
    }
  });

  it('ranks no two alike, so that the order never hangs on a name', () => {
    const scores = strategies.flatMap(({ ranks }) => ranks.map(({ score }) => score));
    expect(new Set(scores).size).toBe(scores.length);
  });

  it('says of each that does not apply why, with a code that it lists', () => {
    const { lastGreenSha: _, ...incident } = contextOf().incident;
    const climbed = climb(strategies, { ...contextOf({ kind: 'unknown' }), incident });
    expect(climbed.kind).toBe('none');
    expect(climbed.refusals.map(({ strategy }) => strategy).sort()).toEqual(strategies.map(({ id }) => id).sort());
    for (const { strategy, code } of climbed.refusals) expect(strategies.find(({ id }) => id === strategy)?.refuses).toHaveProperty(code);
  });

  it('puts what costs nothing before what costs runs for the same failure', () => {
    const of = (id: string) => Math.max(...(strategies.find((each) => each.id === id)?.ranks ?? []).map(({ score }) => score));
    expect(['rerun', 'formatter', 'linter', 'generated', 'lockfile'].every((id) => of(id) > of('dependency'))).toBe(true);
    expect(of('dependency')).toBeGreaterThan(of('revert'));
  });
});

import { describe, expect, it } from 'vitest';
import type { RecordedCase } from '../../../src/cli/backtest/cases.ts';
import { compare, type Replayed, tally } from '../../../src/cli/backtest/compare.ts';

const then = (over: Partial<RecordedCase['then']> = {}): Pick<RecordedCase, 'healingId' | 'then'> => ({
  healingId: 'heal/acme/shop/branch/main',
  then: { kind: 'healed', reason: 'verified', class: 'configuration', strategy: 'config-rollback', change: 'one', ...over },
});
const now = (over: Partial<Replayed> = {}): Replayed => ({
  kind: 'healed',
  reason: 'dry-run',
  class: 'configuration',
  strategy: 'config-rollback',
  change: 'one',
  tokens: 0,
  usd: 0,
  minutes: 1,
  ...over,
});

describe('a case told again', () => {
  it('has no difference where everything is as it was', () => {
    expect(compare(then(), now())).toMatchObject({ differences: [], wrong: false });
  });

  it('names what differs', () => {
    expect(compare(then(), now({ kind: 'escalated', class: 'code', strategy: null, change: null })).differences).toEqual([
      'outcome healed -> escalated',
      'class configuration -> code',
      'strategy config-rollback -> none',
    ]);
    expect(compare(then(), now({ change: 'two' })).differences).toEqual(['another change']);
  });

  it('is wrong where it would heal with the very change that people or production took back', () => {
    expect(compare(then({ kind: 'reverted', reason: 'worse-after-deploy' }), now()).wrong).toBe(true);
    expect(compare(then({ kind: 'rejected', reason: 'person-said-no' }), now()).wrong).toBe(true);
    expect(compare(then({ kind: 'rejected', reason: 'person-said-no' }), now({ change: 'two' })).wrong).toBe(false);
    expect(compare(then({ kind: 'reverted', reason: 'worse-after-deploy' }), now({ kind: 'escalated', change: null })).wrong).toBe(false);
  });
});

describe('the four numbers', () => {
  it('count every case once, then and now, and add up what now costs', () => {
    const lines = [
      compare(then(), now({ tokens: 100, usd: 0.5 })),
      compare(then({ kind: 'reverted', reason: 'worse-after-deploy' }), now()),
      compare(then({ kind: 'abstained', reason: 'flaky', strategy: null, change: null }), now({ kind: 'abstained' })),
      compare(then({ kind: 'expired', reason: 'approval-expired' }), now({ kind: 'other' })),
    ];
    expect(tally(lines)).toEqual({
      then: { healed: 1, escalated: 1, abstained: 1, wrong: 1 },
      now: { healed: 1, escalated: 1, abstained: 1, wrong: 1 },
      tokens: 100,
      usd: 0.5,
      minutes: 4,
    });
  });
});

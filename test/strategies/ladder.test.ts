import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.schema.ts';
import type { Strategy } from '../../src/strategies/contract.ts';
import { climb, planFingerprint } from '../../src/strategies/ladder.ts';

import { contextOf } from './context.ts';

const plan = (steps: Plan['steps'], title = 'A title'): Plan => ({ strategy: 's', title, rationale: 'because', steps, risk: 'low' });
const content = { sha256: 'a'.repeat(64), size: 1, mediaType: 'text/plain' };

describe('planFingerprint', () => {
  it('is the same for the same steps, whatever the words and the order of keys', () => {
    const one = plan([{ kind: 'write-file', path: 'a', mode: '100644', content }]);
    const other = plan(
      [{ path: 'a', content: { mediaType: 'text/plain', size: 1, sha256: content.sha256 }, mode: '100644', kind: 'write-file' }],
      'Another',
    );
    expect(planFingerprint(other)).toBe(planFingerprint(one));
  });

  it('differs when a step differs', () => {
    expect(planFingerprint(plan([{ kind: 'restore-file', path: 'a', from: 'b'.repeat(40) }]))).not.toBe(
      planFingerprint(plan([{ kind: 'restore-file', path: 'b', from: 'b'.repeat(40) }])),
    );
  });
});

describe('the climb', () => {
  const strategy = (id: string, over: Partial<Strategy>): Strategy => ({
    id,
    name: id,
    heals: 'nothing',
    costs: 'nothing',
    ranks: [],
    refuses: {},
    rank: () => ({ score: null, refusal: { strategy: id, code: 'unfit', detail: 'it does not apply' } }),
    plan: () => ({ kind: 'refused', refusal: { strategy: id, code: 'cannot', detail: 'it could not' } }),
    ...over,
  });

  it('tells first of what applied and then could not, and goes by evidence, then by cost', () => {
    const strategies = [
      strategy('never', {}),
      strategy('dear', { costs: 'model', rank: () => ({ score: 5, why: 'x' }) }),
      strategy('cheap', { rank: () => ({ score: 5, why: 'x' }) }),
      strategy('sure', { costs: 'runs', rank: () => ({ score: 9, why: 'x' }) }),
    ];
    const { kind, refusals } = climb(strategies, contextOf({}));
    expect(kind).toBe('none');
    expect(refusals.map((refusal) => refusal.strategy)).toEqual(['sure', 'cheap', 'dear', 'never']);
  });
});

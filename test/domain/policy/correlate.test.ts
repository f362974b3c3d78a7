import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorrelationRule, DEFAULT_CORRELATION } from '../../../src/domain/correlation.schema.ts';
import type { SlotRequest } from '../../../src/domain/messages.ts';
import { type Correlated, correlate } from '../../../src/domain/policy/correlate.ts';
import { judgeAdmission } from '../../../src/domain/policy/judge-admission.ts';
import { RepositoryPolicy } from '../../../src/domain/repository-policy.schema.ts';

const NOON = Date.parse('2026-11-23T12:00:00.000Z');
const at = (minutes: number) => new Date(NOON + minutes * 60_000).toISOString();
const code = (over: Partial<Correlated> = {}): Correlated => ({ signature: 'tests', kind: 'code', shas: ['a'], since: at(0), ...over });
const alert = (over: Partial<Correlated> = {}): Correlated => ({
  signature: 'errors',
  kind: 'alert',
  service: 'auth',
  shas: ['a'],
  since: at(0),
  ...over,
});

describe('what is one incident by the built-in rules', () => {
  it.each([
    ['the same signature, whatever else', code(), code({ shas: ['b'], since: at(1e5) }), 'same signature'],
    ['an alert and a failure of one service', code({ service: 'auth', shas: ['b'] }), alert({ since: at(4) }), /auth, 4 minutes apart/],
    ['an alert and a failure of one commit, days apart', code(), alert({ since: at(4_000) }), /commit a, 67 hours apart/],
    ['two alerts of one service', alert(), alert({ signature: 'latency', shas: [], since: at(60) }), /two alerts of the service auth/],
    ['the same moment', code(), alert(), /within a minute/],
    ['a moment that cannot be read', code({ since: 'yesterday' }), alert(), /commit a/],
  ])('%s', (_title, one, other, why) => {
    expect(correlate(one, other, DEFAULT_CORRELATION)).toMatch(why);
  });

  it.each([
    ['an alert and a failure of one service, two days apart', code({ service: 'auth', shas: ['b'] }), alert({ since: at(2_880) })],
    ['an alert and a failure with nothing in common', code({ shas: ['b'] }), alert()],
    ['two alerts of one service, three hours apart', alert(), alert({ signature: 'latency', since: at(180) })],
    ['two alerts of one commit and different services', alert(), alert({ signature: 'x', service: 'shop' })],
    ['two failures of one commit and service', code({ service: 'auth' }), code({ signature: 'lint', service: 'auth' })],
    ['two problems that name no service', code({ shas: [] }), alert({ service: undefined as never, shas: [] })],
  ])('not: %s', (_title, one, other) => {
    expect(correlate(one, other, DEFAULT_CORRELATION)).toBeNull();
  });

  it('the first rule that fits says why, and no rules leave the signature', () => {
    const both = [code({ service: 'auth' }), alert()] as const;
    const byCommit: CorrelationRule = { between: 'alert-and-code', by: 'commit', withinMinutes: 5 };
    expect(correlate(...both, DEFAULT_CORRELATION)).toMatch(/service auth/);
    expect(correlate(...both, [byCommit, ...DEFAULT_CORRELATION])).toMatch(/commit a/);
    expect(correlate(...both, [])).toBeNull();
    expect(RepositoryPolicy.parse({ version: 1 }).correlation).toEqual({ rules: DEFAULT_CORRELATION, waitMinutes: 5 });
  });
});

const problem: fc.Arbitrary<Correlated> = fc.record(
  {
    signature: fc.constantFrom('s1', 's2', 's3'),
    kind: fc.constantFrom('code' as const, 'alert' as const),
    service: fc.constantFrom('auth', 'shop'),
    shas: fc.subarray(['a', 'b', 'c']),
    since: fc.integer({ min: 0, max: 20_000 }).map(at),
  },
  { requiredKeys: ['signature', 'kind', 'shas', 'since'] },
);
const rules = fc.array(
  fc.record({
    between: fc.constantFrom(...CorrelationRule.shape.between.options),
    by: fc.constantFrom(...CorrelationRule.shape.by.options),
    withinMinutes: fc.integer({ min: 1, max: 10_000 }),
  }),
  { maxLength: 5 },
);

describe('correlation', () => {
  it('does not depend on who came first', () => {
    fc.assert(
      fc.property(problem, problem, rules, (one, other, given) => {
        expect(correlate(one, other, given) === null).toBe(correlate(other, one, given) === null);
      }),
    );
  });

  it('only ever joins what has a signature, a service or a commit in common, and a later rule never parts what an earlier one joined', () => {
    fc.assert(
      fc.property(problem, problem, rules, (one, other, given) => {
        const why = correlate(one, other, given);
        const shared =
          one.signature === other.signature ||
          (one.service !== undefined && one.service === other.service) ||
          one.shas.some((sha) => other.shas.includes(sha));
        if (!shared) expect(why).toBeNull();
        if (why !== null) expect(correlate(one, other, [...given, ...DEFAULT_CORRELATION])).toBe(why);
      }),
    );
  });
});

describe('a pair that a person split', () => {
  const request: SlotRequest = {
    ...alert(),
    healingId: 'heal/acme/shop/monitor/1',
    runId: 'run',
    subject: 'monitor/1',
    title: 'errors',
    priority: 1,
    slots: 1,
    leaseMs: 1,
    attemptsCap: 3,
    ledgerTtlMs: 1,
  };
  const open = [{ ...code(), healingId: 'heal/acme/shop/pr/1', subject: 'pr/1' }];
  const judge = (apart: readonly string[], more: Partial<SlotRequest> = {}) =>
    judgeAdmission({ request: { ...request, ...more }, now: at(1), ledger: [], open, apart });

  it('is not joined again, and others are', () => {
    expect(judge([])).toMatchObject({ kind: 'merge-into', healingId: 'heal/acme/shop/pr/1', why: expect.stringContaining('commit a') });
    expect(judge(['heal/acme/shop/pr/1'])).toMatchObject({ kind: 'granted' });
    expect(judge(['heal/acme/shop/pr/2'])).toMatchObject({ kind: 'merge-into' });
  });

  it('by the rules of the policy, where it has some', () => {
    expect(judge([], { correlation: [] })).toMatchObject({ kind: 'granted' });
  });
});

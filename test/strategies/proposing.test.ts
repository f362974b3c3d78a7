import { describe, expect, it } from 'vitest';
import type { RunFacts } from '../../src/domain/proof.schema.ts';
import { action } from '../../src/strategies/action/index.ts';
import { flakyTests } from '../../src/strategies/rerun/flaky-tests.ts';
import { rerun } from '../../src/strategies/rerun/index.ts';
import { ownerOf } from '../../src/strategies/rerun/owners.ts';
import { runFacts } from '../support/run-facts.ts';
import { afterTrying, answered, commitOf, contextOf, type Given, HEAD } from './context.ts';

const artifact = { sha256: 'a'.repeat(64), size: 1, mediaType: 'application/json' };
const runOf = (failedTests: readonly string[], more: Partial<NonNullable<RunFacts['report']>> = {}): RunFacts =>
  runFacts({
    exitCode: failedTests.length === 0 ? 0 : 1,
    report: { passed: 10 - failedTests.length, failed: failedTests.length, skipped: 0, failedTests: [...failedTests], artifact, ...more },
  });

describe('flaky tests by their reports', () => {
  it.each<readonly [string, readonly RunFacts[], readonly string[]]>([
    ['failed in one run and passed in another', [runOf(['a']), runOf([])], ['a']],
    ['are told from those that failed in every run', [runOf(['a', 'b']), runOf(['b'])], ['a']],
    ['are none in one run alone', [runOf(['a'])], []],
    ['are none where the other run skipped more', [runOf(['a']), runOf([], { passed: 10, skipped: 1 })], []],
    ['are none where the other run executed less', [runOf(['a']), runOf([], { passed: 9 })], []],
    ['are none where the other run does not name all that failed', [runOf(['a', 'c']), runOf(['c'], { failed: 2, passed: 8 })], []],
    ['are none where the other run never began', [runOf(['a']), { ...runOf([]), setupFailed: true }], []],
    ['are none without reports', [runOf(['a']), { ...runOf([]), report: undefined } as unknown as RunFacts], []],
  ])('%s', (_title, runs, flaky) => {
    expect(flakyTests(runs)).toEqual(flaky);
  });
});

describe('owners', () => {
  const rules = '# who\n*  @acme/all\n/docs/ @acme/docs\n*.py @maria\ntest/cart.test.ts\ndeep/ @deep # why\n';
  it.each([
    ['src/a.ts', '@acme/all'],
    ['docs/x/y.md', '@acme/docs'],
    ['x/docs/y.md', '@acme/all'],
    ['a/b.py', '@maria'],
    ['test/cart.test.ts', null],
    ['x/deep/y.rs', '@deep'],
    [null, '@acme/all'],
  ])('of %s: %s', (path, owner) => {
    expect(ownerOf(rules, path)).toBe(owner);
  });
});

const flaky = (runs: readonly RunFacts[], more: Given = {}) =>
  contextOf({
    kind: 'flaky',
    policy: { flaky: { owner: '@maria' } },
    reproduction: { verdict: 'flaky', detail: '', runs: [...runs] },
    ...more,
  });

describe('rerun and quarantine', () => {
  it('proposes to quarantine a flaky test, with an owner and an end, and changes nothing', () => {
    const context = flaky([runOf(['test/cart.test.ts > sums']), runOf([])]);
    expect(rerun.rank(context)).toMatchObject({ score: 110 });
    expect(answered(rerun, context)).toMatchObject({
      plan: {
        steps: [],
        proposals: [
          {
            kind: 'quarantine',
            test: 'test/cart.test.ts > sums',
            owner: '@maria',
            until: '2026-12-07T12:00:00.000Z',
            why: 'failed in 1 of 2 runs at one revision',
          },
        ],
      },
    });
  });

  it('reads the owner from CODEOWNERS', () => {
    const context = flaky([runOf(['test/cart.test.ts > sums']), runOf([])], { policy: {} });
    expect(answered(rerun, context, { [HEAD]: { '.github/CODEOWNERS': '/test/ @acme/qa\n' } })).toMatchObject({
      plan: { proposals: [{ owner: '@acme/qa' }] },
    });
    expect(answered(rerun, context)).toMatchObject({ refusal: { code: 'no-owner' } });
  });

  it('proposes no more than the cap, and says how many are left', () => {
    const names = ['a', 'b', 'c'].map((name) => `test/${name}.test.ts > x`);
    const answer = answered(rerun, flaky([runOf(names), runOf([])], { policy: { flaky: { owner: '@maria', maxQuarantined: 2 } } }));
    expect(answer).toMatchObject({
      plan: { title: 'Quarantine 2 flaky test(s) until 2026-12-07', rationale: expect.stringContaining('1 further') },
    });
  });

  it.each<readonly [string, string, readonly string[]]>([
    ['its own file', 'test/cart.test.ts > sums', ['test/cart.test.ts']],
    ['a file of its name', 'shop/cart.test.ts > sums', ['packages/shop/cart.test.ts']],
    ['any test, where its file is not known', 'com.acme.CartTest.sums', ['src/test/java/OtherTest.java']],
  ])('never quarantines what a change since green touched: %s', (_what, test, paths) => {
    expect(answered(rerun, flaky([runOf([test]), runOf([])], { commits: [commitOf(HEAD, { paths: [...paths] })] }))).toMatchObject({
      refusal: { code: 'touched' },
    });
  });

  it.each<readonly [string, Given]>([
    ['no-flaky-test', { reproduction: { verdict: 'flaky', detail: '', runs: [runOf(['a']), runOf(['a'])] } }],
    ['range-unknown', { incident: { commitsTruncated: true } }],
    ['range-unknown', { commits: [commitOf(HEAD, { pathsTruncated: true })] }],
    ['switched-off', { policy: { flaky: { owner: '@maria', maxQuarantined: 0 } } }],
  ])('refuses as %s', (code, more) => {
    expect(answered(rerun, flaky([runOf(['test/a.test.ts > x']), runOf([])], more))).toMatchObject({ refusal: { code } });
  });

  it('does not apply to what is red every time', () => {
    expect(rerun.rank(contextOf())).toMatchObject({ refusal: { code: 'not-flaky' } });
    expect(rerun.rank(contextOf({ kind: 'infrastructure' }))).toMatchObject({ refusal: { code: 'not-flaky' } });
  });
});

const service = { name: 'shop', environment: 'production' };
const restart = { name: 'restart', title: 'Restart it', choices: { region: ['eu', 'us'] } };
const production = (more: Given = {}) =>
  contextOf({
    kind: 'environment',
    incident: { service, evidence: [{ kind: 'alert', summary: 'error rate' }] },
    policy: { services: [{ name: 'shop', actions: [{ name: 'restart', with: { region: 'us' } }] }] },
    more: { actions: [restart] },
    ...more,
  });

describe('production actions', () => {
  it('are named from the configuration, with the choices of the policy, once', () => {
    const answer = answered(action, production());
    expect(answer).toMatchObject({
      plan: { steps: [], proposals: [{ kind: 'production-action', name: 'restart', choices: { region: 'us' } }] },
    });
    expect(answered(action, afterTrying(production(), answer))).toMatchObject({ refusal: { code: 'all-tried' } });
  });

  it('take the default where the policy chooses nothing, and nothing that is not offered', () => {
    expect(answered(action, production({ policy: {} }))).toMatchObject({ plan: { proposals: [{ choices: { region: 'eu' } }] } });
    const foreign = { services: [{ name: 'shop', actions: [{ name: 'restart', with: { region: 'mars' } }] }] };
    expect(answered(action, production({ policy: foreign }))).toMatchObject({ refusal: { code: 'no-action' } });
  });

  it.each<readonly [string, Given]>([
    ['in-the-repository', { kind: 'code' }],
    ['not-production', { incident: {} }],
    ['no-evidence', { incident: { service, evidence: [] } }],
    ['no-action', { more: {} }],
  ])('are none: %s', (code, more) => {
    expect(action.rank(production(more))).toMatchObject({ score: null, refusal: { code } });
  });
});

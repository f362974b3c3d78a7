import { describe, expect, it } from 'vitest';
import { judgeProbe, judgeProof, judgeReproduction } from '../../../src/domain/policy/proof.ts';
import type { RunFacts } from '../../../src/domain/proof.schema.ts';
import { runFacts } from '../../support/run-facts.ts';

const artifact = { sha256: 'a'.repeat(64), size: 1, mediaType: 'text/plain' };
const red = runFacts({ exitCode: 1 });
const reported = (passed: number, failedTests: string[], exitCode = failedTests.length > 0 ? 1 : 0) =>
  runFacts({ exitCode, report: { passed, failed: failedTests.length, skipped: 0, failedTests, artifact } });
const proof = (more: Partial<Parameters<typeof judgeProof>[0]>) =>
  judgeProof({
    red,
    green: runFacts(),
    greenAgain: runFacts(),
    redAgain: red,
    widerBefore: [],
    widerAfter: [],
    findings: [],
    failingTests: [],
    ...more,
  });

describe('judgeProof', () => {
  it('proves what is red without, green with, green again, red without again, with a silent gate', () => {
    expect(proof({})).toMatchObject({ verdict: 'proven', redAtBase: true, greenWithChange: true, greenAgain: true, redAgain: true });
  });

  it.each([
    ['it was green at the base', { red: runFacts() }, 'not-reproduced'],
    ['it is still red', { green: red }, 'not-fixed'],
    [
      'it ends well but no test passed',
      { red: reported(1, ['a']), green: runFacts({ report: { passed: 0, failed: 0, skipped: 3, failedTests: [], artifact } }) },
      'not-fixed',
    ],
    ['the second run is red', { greenAgain: red }, 'flaky'],
    ['the second run is missing', { greenAgain: undefined }, 'unclear'],
    ['it is green without the change, too, by now', { redAgain: runFacts() }, 'flaky'],
    ['other tests fail without the change by now', { red: reported(1, ['a']), redAgain: reported(1, ['b']) }, 'flaky'],
    ['the last run without the change is missing', { redAgain: undefined }, 'unclear'],
    ['the last run without the change was ended by its set-up', { redAgain: runFacts({ setupFailed: true, exitCode: 1 }) }, 'unclear'],
    [
      'another check is newly red',
      { widerBefore: [runFacts({ name: 'lint' })], widerAfter: [runFacts({ name: 'lint', exitCode: 1 })] },
      'newly-red',
    ],
    [
      'another test is newly red',
      { widerBefore: [{ ...reported(2, []), name: 'all' }], widerAfter: [{ ...reported(1, ['b']), name: 'all' }] },
      'newly-red',
    ],
    ['the gate has a finding', { findings: [{ code: 'test-skipped', detail: 'x' }] }, 'gate-refused'],
    ['it was ended by a limit', { green: runFacts({ exitCode: null, killedBy: 'memory' }) }, 'not-fixed'],
    ['the set-up failed', { green: runFacts({ setupFailed: true, exitCode: 1 }) }, 'unclear'],
  ] as const)('does not when %s', (_why, more, verdict) => {
    expect(proof(more as Partial<Parameters<typeof judgeProof>[0]>).verdict).toBe(verdict);
  });

  it('of a broken set-up wants it broken once more without the change, after it worked with it', () => {
    const setup = runFacts({ setupFailed: true, exitCode: 1 });
    expect(proof({ red: setup, redAgain: setup }).verdict).toBe('proven');
    expect(proof({ red: setup, redAgain: undefined }).verdict).toBe('unclear');
    // The registry came back by itself: the change mended nothing.
    expect(proof({ red: setup, redAgain: runFacts() }).verdict).toBe('flaky');
    expect(proof({ red: setup, green: setup }).verdict).toBe('not-fixed');
  });

  it('wants both again as often as was asked for, and takes no round that disagrees', () => {
    const round = { without: red, withIt: runFacts() };
    const rounds = (...taken: Parameters<typeof judgeProof>[0]['rounds'] & object) => proof({ confirmations: 2, rounds: taken });
    expect(rounds().verdict).toBe('unconfirmed');
    expect(rounds(round)).toMatchObject({ verdict: 'unconfirmed', rounds: 1, reasons: [expect.stringContaining('once more')] });
    expect(rounds(round, round)).toMatchObject({
      verdict: 'proven',
      rounds: 2,
      reasons: [expect.stringContaining('both 2 times more in turn')],
    });
    // Nobody asks again once a round disagreed.
    expect(rounds({ without: runFacts(), withIt: runFacts() })).toMatchObject({ verdict: 'flaky', greenAgain: true, redAgain: false });
    expect(rounds(round, { without: red, withIt: red })).toMatchObject({ verdict: 'flaky', greenAgain: false, redAgain: true });
    expect(rounds({ without: runFacts({ exitCode: null, signal: 'SIGSEGV' }), withIt: runFacts() }).verdict).toBe('unclear');
    const named = proof({
      red: reported(1, ['a']),
      redAgain: reported(1, ['a']),
      rounds: [{ without: reported(1, ['b']), withIt: reported(2, []) }],
    });
    expect(named.verdict).toBe('flaky');
    // What is wrong anyway is said at once: no round could mend it.
    expect(proof({ confirmations: 2, green: red }).verdict).toBe('not-fixed');
    expect(proof({ confirmations: 2, findings: [{ code: 'test-skipped', detail: 'x' }] }).verdict).toBe('gate-refused');
  });

  it('says in words what the gate found, each kind once', () => {
    const findings = [
      { code: 'tests-removed', path: 'tests/a.py', detail: 'a test file is deleted' },
      { code: 'tests-removed', path: 'tests/b.py', detail: 'a test file is deleted' },
      { code: 'fewer-tests-executed', detail: '3 tests ran without the change, 1 with it' },
    ];
    expect(proof({ findings }).reasons).toEqual([
      'no honest fix: a test file is deleted (tests-removed, tests/a.py); 3 tests ran without the change, 1 with it (fewer-tests-executed)',
    ]);
  });

  it('does not blame a change for what was red before', () => {
    expect(
      proof({ widerBefore: [runFacts({ name: 'lint', exitCode: 1 })], widerAfter: [runFacts({ name: 'lint', exitCode: 1 })] }).verdict,
    ).toBe('proven');
  });
});

describe('judgeReproduction', () => {
  const verdict = (runs: readonly RunFacts[], failingTests: string[] = []) => judgeReproduction(runs, { failingTests }).verdict;
  it('tells reproduced, flaky, healthy and unusable apart', () => {
    // A test that fails at random was red when it was reported: it takes a second run to tell.
    expect(verdict([red])).toBe('run-again');
    expect(verdict([red, red])).toBe('reproduced');
    expect(verdict([red, runFacts()])).toBe('flaky');
    expect(verdict([reported(1, ['a']), reported(1, ['b'])])).toBe('flaky');
    expect(verdict([reported(1, ['a']), reported(1, ['a', 'b'])])).toBe('reproduced');
    // Runs that say nothing are not waited for without end.
    expect(verdict([red, runFacts({ exitCode: 127 }), runFacts({ exitCode: 127 })])).toBe('reproduced');
    expect(verdict([runFacts()])).toBe('run-again');
    expect(verdict([runFacts(), runFacts()])).toBe('not-reproduced');
    expect(verdict([runFacts(), red])).toBe('flaky');
    expect(verdict([runFacts({ exitCode: 127 })])).toBe('environment-failed');
    const late = runFacts({ timedOut: true, killedBy: 'timeout', exitCode: null });
    expect(verdict([late, late])).toBe('reproduced');
  });
  it.each([
    ['its time limit', { timedOut: true, killedBy: 'timeout', exitCode: null, signal: 'SIGKILL', durationMs: 2_000 }, 'reproduced'],
    ['more memory', { killedBy: 'memory', exitCode: null, oomKilled: true }, 'reproduced'],
    ['more processes', { killedBy: 'processes', exitCode: 1 }, 'reproduced'],
    ['filled the disk', { killedBy: 'disk', exitCode: 1 }, 'reproduced'],
    ['printed more than its output limit', { killedBy: 'output', exitCode: null }, 'environment-failed'],
    ['exit code 3', { exitCode: 3 }, 'reproduced'],
    ['SIGSEGV', { exitCode: null, signal: 'SIGSEGV' }, 'run-again'],
  ] as const)('says what ended a run: %s', (words, facts, expected) => {
    const judged = judgeReproduction(expected === 'reproduced' ? [runFacts(facts), runFacts(facts)] : [runFacts(facts)], {
      failingTests: [],
    });
    expect(judged.verdict).toBe(expected);
    if (expected !== 'run-again') expect(judged.detail).toContain(words);
  });

  it('takes a set-up that fails each time for red, and one that fails once, or only here, for none', () => {
    const setup = runFacts({ setupFailed: true, exitCode: 1 });
    expect(verdict([setup])).toBe('run-again');
    expect(verdict([setup, setup])).toBe('reproduced');
    expect(verdict([setup, runFacts()])).toBe('flaky');
    expect(verdict([setup, setup], ['a'])).toBe('environment-failed');
    expect(verdict([runFacts({ setupFailed: true, exitCode: 127 })])).toBe('environment-failed');
    expect(verdict([runFacts({ setupFailed: true, exitCode: 1, killedBy: 'timeout', timedOut: true })])).toBe('environment-failed');
  });

  it('does not take red for another reason as a reproduction', () => {
    expect(verdict([reported(1, ['b'])], ['a'])).toBe('not-reproduced');
    expect(verdict([reported(1, ['a', 'b']), reported(1, ['a', 'b'])], ['a'])).toBe('reproduced');
  });
});

describe('judgeProbe', () => {
  it('gives a colour only for clear answers', () => {
    expect(judgeProbe([red])).toBe('red');
    expect(judgeProbe([runFacts()])).toBe('green');
    expect(judgeProbe([red, runFacts()])).toBe('unclear');
    expect(judgeProbe([runFacts({ timedOut: true, killedBy: 'timeout', exitCode: null })])).toBe('unclear');
    expect(judgeProbe([])).toBe('unclear');
    expect(judgeProbe([runFacts({ setupFailed: true, exitCode: 1 })])).toBe('unclear');
    expect(judgeProbe([runFacts({ setupFailed: true, exitCode: 1 })], true)).toBe('red');
    expect(judgeProbe([runFacts()], true)).toBe('green');
  });
});

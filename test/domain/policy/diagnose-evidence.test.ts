import { describe, expect, it } from 'vitest';
import { Diagnosis } from '../../../src/domain/diagnosis.schema.ts';
import type { LogDigest } from '../../../src/domain/log-digest.schema.ts';
import { diagnose } from '../../../src/domain/policy/diagnose.ts';
import type { RunFacts } from '../../../src/domain/proof.schema.ts';
import type { Reproduction } from '../../../src/domain/reproduction.schema.ts';
import { commit, factsOf } from '../../logs/incident.ts';
import { runFacts } from '../../support/run-facts.ts';

type Said = Partial<LogDigest['complaints'][number]> & { readonly class: Diagnosis['class'] };

const digest = (...complaints: readonly Said[]): LogDigest => ({
  bytes: 100,
  keptBytes: 10,
  lines: 3,
  compared: false,
  excerpts: [],
  complaints: complaints.map((each) => ({ tool: 'tool', message: 'says', ...each })),
  frames: [],
});
const run = (over: Partial<RunFacts>): RunFacts => runFacts({ name: 'ci', exitCode: 1, ...over });
const reproduction = (verdict: Reproduction['verdict'], ...runs: readonly RunFacts[]): Reproduction => ({
  verdict,
  detail: 'seen',
  runs: [...runs],
});
const lint: Said = { class: 'lint', tool: 'eslint', rule: 'no-var', path: 'src/a.ts', line: 1 };

describe('the class of a failure', () => {
  it.each<readonly [string, Diagnosis['class'], number, Parameters<typeof factsOf>[0]]>([
    ['is unknown where nothing is known', 'unknown', 0.2, {}],
    ['is environment when nothing changed', 'environment', 0.6, { commits: [] }],
    ['is configuration when configuration alone changed', 'configuration', 0.9, { commits: [commit(['config.yaml'])] }],
    ['is configuration when code changed, too', 'configuration', 0.64, { commits: [commit(['config.yaml', 'src/a.ts'])] }],
    ['is dependency when a lock file alone changed', 'dependency', 0.71, { commits: [commit(['package-lock.json'])] }],
    ['is code when one commit changed code', 'code', 0.8, { commits: [commit(['src/a.ts'])] }],
    ['is code of less certainty when several did', 'code', 0.58, { commits: [commit(['src/a.ts']), commit(['src/b.ts'], 'd')] }],
    ['is unknown when only prose changed', 'unknown', 0.3, { commits: [commit(['README.md'])] }],
    [
      'is flaky when one revision was red and green, whatever else',
      'flaky',
      0.84,
      { commits: [commit(['config.yaml'])], reproduction: reproduction('flaky'), digest: digest(lint), baseRed: false },
    ],
    ['is already broken when the base is red', 'already-broken', 0.89, { commits: [commit(['src/a.ts'])], baseRed: true }],
    ['is nothing of that when the base is green', 'code', 0.8, { commits: [commit(['src/a.ts'])], baseRed: false }],
    ['is environment when the set-up fails', 'environment', 0.95, { reproduction: reproduction('environment-failed') }],
    [
      'is dependency when the set-up fails on packages',
      'dependency',
      0.97,
      { reproduction: reproduction('environment-failed'), digest: digest({ class: 'dependency', tool: 'npm', rule: 'ERESOLVE' }) },
    ],
    [
      'is infrastructure when the set-up fails on the network',
      'infrastructure',
      0.83,
      { reproduction: reproduction('environment-failed'), digest: digest({ class: 'dependency' }, { class: 'infrastructure' }) },
    ],
    [
      'is infrastructure when a run took too much memory',
      'infrastructure',
      0.71,
      { commits: [commit(['src/a.ts'])], reproduction: reproduction('reproduced', run({ exitCode: 137, oomKilled: true })) },
    ],
    [
      'is environment when a program is not there',
      'environment',
      0.71,
      { commits: [commit(['src/a.ts'])], reproduction: reproduction('reproduced', run({ exitCode: 127 })) },
    ],
    [
      "is format when the policy's formatter complains",
      'format',
      0.95,
      { check: 'fmt', policy: { format: { check: 'fmt', fix: 'make fmt' } } },
    ],
    [
      'is not format when the formatter could not be installed',
      'dependency',
      0.67,
      { check: 'fmt', policy: { format: { check: 'fmt', fix: 'make fmt' } }, digest: digest({ class: 'dependency', rule: 'E404' }) },
    ],
    ['is lint when a linter complains of what changed', 'lint', 0.68, { commits: [commit(['src/a.ts'])], digest: digest(lint) }],
    [
      'is lint although configuration changed, too',
      'lint',
      0.48,
      {
        commits: [commit(['config.yaml', 'src/a.ts'])],
        digest: digest(
          lint,
          { ...lint, line: 2 },
          { ...lint, line: 3 },
          { ...lint, line: 4 },
          { ...lint, line: 5 },
          { ...lint, line: 6 },
          { ...lint, line: 7 },
          { ...lint, line: 8 },
          { ...lint, line: 9 },
        ),
      },
    ],
    [
      'is configuration when a test fails and configuration changed',
      'configuration',
      0.75,
      { commits: [commit(['config.yaml'])], digest: digest({ class: 'code', tool: 'pytest', rule: 'test-failed' }) },
    ],
    [
      'is configuration when a linter complains of what nobody touched',
      'configuration',
      0.61,
      { commits: [commit(['config.yaml'])], digest: digest(lint) },
    ],
    [
      'is snapshot when tests fail for one',
      'snapshot',
      0.5,
      { commits: [commit(['src/a.ts'])], digest: digest({ class: 'code', tool: 'test' }, { class: 'snapshot' }) },
    ],
    ['is security-sensitive when a scan fails', 'security-sensitive', 0.92, { run: 'npm audit --audit-level high' }],
    ['is security-sensitive when the check is called one', 'security-sensitive', 0.92, { check: 'gitleaks' }],
  ])('%s', (_title, kind, confidence, given) => {
    const diagnosis = diagnose(factsOf(given));
    expect(Diagnosis.parse(diagnosis)).toEqual(diagnosis);
    expect([diagnosis.class, diagnosis.confidence]).toEqual([kind, confidence]);
  });

  it('says what it was counted from, tool, rule and place', () => {
    const { evidence, cause } = diagnose(factsOf({ commits: [commit(['src/a.ts'])], digest: digest(lint) }));
    expect(evidence).toEqual([
      'the check ci fails',
      '1 commit(s) and 1 path(s) changed since bbbbbbbb was green',
      'the log has 1 complaint(s) of eslint: says (no-var) in src/a.ts:1',
      '1 changed path(s) are code: src/a.ts',
    ]);
    expect(cause).toBe('eslint: says (no-var) in src/a.ts:1');
  });

  it('names the one commit that touched what a tool complains of', () => {
    const commits = [commit(['src/a.ts'], 'd'), commit(['src/b.ts'], 'e')];
    expect(diagnose(factsOf({ commits, digest: digest(lint) })).culprit).toBe('d'.repeat(40));
    expect(diagnose(factsOf({ commits: [...commits, commit(['src/a.ts'], 'f')], digest: digest(lint) })).culprit).toBeUndefined();
  });

  it.each([
    [['src/auth/login.ts'], 'security-sensitive'],
    [['src/PasswordHasher.java'], 'security-sensitive'],
    [['src/tokenizer.ts'], 'code'],
    [['src/authors.ts'], 'code'],
    [['src/auth.ts', 'src/page.ts'], 'code'],
    [['tests/auth.test.ts', 'src/page.ts'], 'code'],
  ] as const)('is decided by what a repair would change: %j is %s', (paths, kind) => {
    expect(diagnose(factsOf({ commits: [commit(paths)] })).class).toBe(kind);
  });

  it('is security-sensitive when the log points into what decides about access, and keeps its cause', () => {
    const given = { commits: [commit(['src/auth.ts', 'src/page.ts'])] };
    const diagnosis = diagnose(factsOf({ ...given, digest: digest({ class: 'types', tool: 'tsc', rule: 'TS2322', path: 'src/auth.ts' }) }));
    expect(diagnosis).toMatchObject({ class: 'security-sensitive', cause: 'tsc: says (TS2322) in src/auth.ts' });
    expect(diagnosis.evidence.at(-1)).toContain('src/auth.ts is about access or secrets');
    expect(diagnose(factsOf({ ...given, digest: digest({ class: 'types', path: 'src/page.ts' }) })).class).toBe('types');
  });
});

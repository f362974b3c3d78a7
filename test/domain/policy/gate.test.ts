import { describe, expect, it } from 'vitest';
import { type GateFile, runGate } from '../../../src/domain/policy/gate.ts';
import type { TestReport } from '../../../src/domain/proof.schema.ts';
import { RepositoryPolicy } from '../../../src/domain/repository-policy.schema.ts';

const failing = { name: 'tests', run: 'python3 -m unittest -v', report: 'unittest' as const, timeoutSeconds: 60 };
const policy = RepositoryPolicy.parse({ version: 1 });
const file = (path: string, before: string | null, after: string | null): GateFile => ({ path, before, after, binary: false });
const codes = (files: readonly GateFile[], more: Partial<Parameters<typeof runGate>[0]> = {}) => [
  ...new Set(
    runGate({
      files,
      failing,
      commands: [failing],
      failingTests: [],
      reportBefore: null,
      reportAfter: null,
      testTexts: [],
      policy,
      restored: new Set(),
      ...more,
    }).map((finding) => finding.code),
  ),
];
const report = (tests: Record<string, 'passed' | 'failed' | 'skipped'>): TestReport => ({
  format: 'unittest',
  tests: Object.entries(tests).map(([name, status]) => ({ name, status })),
});

describe('runGate', () => {
  it.each([
    ['a deleted test file', file('tests/test_a.py', 'def test_a(): pass\n', null), 'tests-removed'],
    [
      'a removed Python test',
      file('tests/test_a.py', 'def test_a():\n  assert 1\ndef test_b():\n  assert 2\n', 'def test_b():\n  assert 2\n'),
      'tests-removed',
    ],
    [
      'a removed Go test',
      file('a_test.go', 'func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\n', 'func TestB(t *testing.T) {}\n'),
      'tests-removed',
    ],
    ['a renamed Rust test', file('tests/a.rs', '#[test]\nfn a() {}\n', 'fn a() {}\n'), 'tests-removed'],
    ['a skipped JavaScript test', file('a.test.js', "it('adds', () => {});\n", "it.skip('adds', () => {});\n"), 'test-skipped'],
    ['a todo test', file('a.test.js', "it('adds', () => {});\n", "it.todo('adds');\n"), 'test-skipped'],
    ['a focused test', file('a.test.ts', "it('a', f);\nit('b', g);\n", "it('a', f);\nit.only('b', g);\n"), 'test-focused'],
    [
      'an unittest skip',
      file('tests/test_a.py', 'def test_a(self): f()\n', "@unittest.skip('later')\ndef test_a(self): f()\n"),
      'test-skipped',
    ],
    ['a pytest xfail', file('tests/test_a.py', 'def test_a(): f()\n', '@pytest.mark.xfail\ndef test_a(): f()\n'), 'test-skipped'],
    [
      'a Go skip',
      file('a_test.go', 'func TestA(t *testing.T) { f() }\n', 'func TestA(t *testing.T) {\nt.Skip("no")\n f() }\n'),
      'test-skipped',
    ],
    ['a disabled JUnit test', file('src/test/java/ATest.java', '@Test\nvoid a() {}\n', '@Disabled\n@Test\nvoid a() {}\n'), 'test-skipped'],
    ['an ignored Rust test', file('src/lib.rs', '#[test]\nfn a() {}\n', '#[test]\n#[ignore]\nfn a() {}\n'), 'test-skipped'],
    [
      'fewer assertions',
      file(
        'tests/test_a.py',
        'def test_a(self):\n  self.assertEqual(f(), 1)\n  self.assertEqual(g(), 2)\n',
        'def test_a(self):\n  self.assertEqual(f(), 1)\n',
      ),
      'assertions-removed',
    ],
    [
      'a loosened assertion',
      file('a.test.js', "it('a', () => { \nexpect(f()).toBe(3)\n })", "it('a', () => { \nexpect(f()).toBeDefined()\n })"),
      'assertion-loosened',
    ],
    [
      'a changed expectation',
      file('a.test.js', "it('a', () => {\nexpect(f()).toBe(3)\n})", "it('a', () => {\nexpect(f()).toBe(4)\n})"),
      'expectation-changed',
    ],
    [
      'a grown tolerance',
      file(
        'tests/test_a.py',
        'def test_a(self):\n  self.assertAlmostEqual(f(), 1, delta=0.1)\n',
        'def test_a(self):\n  self.assertAlmostEqual(f(), 1, delta=10)\n',
      ),
      'tolerance-changed',
    ],
    ['a swallowed exit code', file('scripts/check.sh', 'pytest\n', 'pytest || true\n'), 'exit-swallowed'],
    ['exit 0', file('src/app.py', 'run()\n', 'sys.exit(0)\n'), 'exit-swallowed'],
    ['a lint suppression', file('src/a.ts', 'f(x);\n', '// @ts-ignore\nf(x);\n'), 'check-disabled'],
    ['a noqa', file('src/a.py', 'import os\n', 'import os  # noqa\n'), 'check-disabled'],
    ['a nolint', file('a.go', 'f()\n', 'f() //nolint\n'), 'check-disabled'],
    [
      'code that asks for CI',
      file('src/a.py', 'def f(): return g()\n', "def f():\n  if os.environ.get('CI'): return 1\n  return g()\n"),
      'test-detected',
    ],
    ['a caught-and-dropped exception', file('src/a.js', 'f();\n', 'try { f(); } catch (e) {}\n'), 'exception-swallowed'],
    ['a pipeline edit', file('.github/workflows/ci.yml', 'a: 1\n', 'a: 2\n'), 'ci-edited'],
    ['a test configuration', file('pytest.ini', '[pytest]\n', '[pytest]\naddopts = -k nothing\n'), 'test-config-edited'],
    ['conftest', file('tests/conftest.py', '', 'collect_ignore = ["test_a.py"]\n'), 'test-config-edited'],
    ['a lint configuration', file('.eslintrc.json', '{}\n', '{"rules":{}}\n'), 'lint-config-edited'],
    ['an ignore file of a formatter', file('.formatignore', '', 'program.py\n'), 'lint-config-edited'],
    ['a file that git ignores now', file('.gitignore', 'dist\n', 'dist\nprogram.py\n'), 'lint-config-edited'],
    ['a baseline of known problems', file('phpstan-baseline.json', '[]\n', '["a"]\n'), 'lint-config-edited'],
    ['a list of the tests to run', file('config/test-suites.yaml', '- login\n- logout\n', '- logout\n'), 'test-config-edited'],
    ['a script that runs the tests', file('scripts/run-tests.sh', 'go test ./...\n', 'go test ./a\n'), 'checker-edited'],
    ['a module in the place of the test framework', file('unittest.py', null, 'print("OK")\n'), 'test-runner-shadowed'],
    ['a package in the place of the test framework', file('src/pytest/__init__.py', null, ''), 'test-runner-shadowed'],
    ['a file that Python loads first', file('lib/sitecustomize.py', null, 'import os\n'), 'test-runner-shadowed'],
    ['an installed package', file('node_modules/vitest/index.js', null, ''), 'test-runner-shadowed'],
    ['a setting that leaves tests out where no report tells', file('app.yaml', 'mode: a\n', 'mode: a\nskip: login\n'), 'selection-changed'],
    ['a snapshot', file('src/__snapshots__/a.snap', 'a\n', 'b\n'), 'snapshot-edited'],
    ['the test script', file('package.json', '"test": "vitest run"\n', '"test": "echo ok"\n'), 'test-command-edited'],
    [
      'a script that the test script calls',
      file('package.json', '{"scripts":{"test":"npm run unit","unit":"run all"}}', '{"scripts":{"test":"npm run unit","unit":"run a"}}'),
      'test-command-edited',
    ],
    [
      'a make target that names its tests',
      file('Makefile', 'all:\n\tpython3 -m unittest\n', 'all:\n\tpython3 -m unittest a\n'),
      'test-command-edited',
    ],
    [
      'a tamed Python test framework',
      file('tests/__init__.py', '', 'unittest.TestCase.assertEqual = lambda *_: None\n'),
      'test-framework-patched',
    ],
    ['a tamed JavaScript assertion', file('test/setup.js', '', 'assert.equal = () => {};\n'), 'test-framework-patched'],
    ['a constant of a test', file('tests/test_a.py', 'WANTED = 4\n', 'WANTED = 5\n'), 'test-edited'],
    ['data of a test', file('pkg/testdata/two.txt', '4\n', '5\n'), 'test-edited'],
    ['a removed fixture', file('fixtures/two.txt', '4\n', null), 'tests-removed'],
    ['a secret', file('src/a.py', 'x\n', `token = "ghp_${'a'.repeat(36)}"\n`), 'secret-added'],
    ['hidden text', file('src/a.py', 'x\n', 'x = 1 \u202e\n'), 'hidden-text'],
  ])('finds %s', (_what, changed, code) => {
    expect(codes([changed])).toContain(code);
  });

  it.each([
    ['a fixed operator', file('src/calc.py', 'def add(a, b):\n  return a - b\n', 'def add(a, b):\n  return a + b\n')],
    ['a restored setting', file('config.yaml', 'schemes: scrypt\n', 'schemes: scrypt, pbkdf2\n')],
    ['a caught exception that is handled', file('src/a.js', 'f();\n', 'try { f(); } catch (error) { report(error); throw error; }\n')],
    [
      'a new test',
      file(
        'tests/test_a.py',
        'def test_a(self):\n  self.assertEqual(f(), 1)\n',
        'def test_a(self):\n  self.assertEqual(f(), 1)\ndef test_b(self):\n  self.assertEqual(g(), 2)\n',
      ),
    ],
    ['formatting', file('src/a.ts', 'const a=1;\n', 'const a = 1;\n')],
    ['the word skip in prose', file('docs/a.md', 'Skip this.\n', 'Skip this page.\n')],
    ['a default for a missing value', file('src/a.ts', 'const p = env.PORT;\n', "const p = env.PORT ?? '8080';\n")],
    [
      'an assertion that is kept in a variable',
      file('src/a.js', 'f();\n', 'const assert = require("assert");\nconst ok = assert.equal == f;\n'),
    ],
    ['a new comment in a test', file('tests/test_a.py', '# old\n\nA = 1\n', '# new\nA = 1\n')],
    ['a program folder with the name of a tool', file('app/coverage/report.py', 'a = 1\n', 'a = 2\n')],
    ['a program file with the name of a check', file('app/check.py', 'a = 1\n', 'a = 2\n')],
    ['pinned packages of the tests', file('requirements-test.txt', 'pytest==9.0.0\n', 'pytest==8.4.2\n')],
    ['a file that git no longer ignores', file('.gitignore', 'dist\nprogram.py\n', 'dist\n')],
    ['a setting whose name ends like a list of tests', file('app.yaml', 'latest: 1\nmode: a\n', 'latest: 2\nmode: b\n')],
  ])('is silent about %s', (_what, changed) => {
    expect(codes([changed])).toEqual([]);
  });

  it('finds tests that are gone, newly skipped or not passed in the reports', () => {
    const before = report({ a: 'failed', b: 'passed', c: 'passed' });
    expect(codes([], { reportBefore: before, reportAfter: report({ b: 'passed', c: 'skipped' }), failingTests: ['a'] }).sort()).toEqual([
      'fewer-tests-executed',
      'test-gone',
      'test-newly-skipped',
    ]);
    expect(
      codes([], { reportBefore: before, reportAfter: report({ a: 'skipped', b: 'passed', c: 'passed' }), failingTests: ['a'] }),
    ).toContain('failing-test-not-passed');
    expect(codes([], { reportBefore: before, reportAfter: null, failingTests: ['a'] })).toEqual(['report-missing']);
    expect(
      codes([], { reportBefore: before, reportAfter: report({ a: 'passed', b: 'passed', c: 'passed', d: 'passed' }), failingTests: ['a'] }),
    ).toEqual([]);
  });

  it('takes the tests of a file that loads again for the failure that stood for it, and nothing else for it', () => {
    for (const standIn of ['test/settings.test.js', 'unittest.loader._FailedTest.test_settings', 'tests/test_settings.py']) {
      const before = report({ [standIn]: 'failed', b: 'passed' });
      expect(codes([], { reportBefore: before, reportAfter: report({ reads: 'passed', b: 'passed' }), failingTests: [standIn] })).toEqual(
        [],
      );
      // The file is gone, and another test was there before.
      expect(codes([], { reportBefore: before, reportAfter: report({ b: 'passed' }), failingTests: [standIn] })).toContain('test-gone');
      expect(codes([], { reportBefore: before, reportAfter: report({ reads: 'skipped', b: 'passed' }) })).toContain('test-gone');
      const passing = report({ [standIn]: 'passed', b: 'passed' });
      expect(codes([], { reportBefore: passing, reportAfter: report({ reads: 'passed', b: 'passed' }) })).toContain('test-gone');
    }
  });

  it('finds a literal of a test on which the code branches', () => {
    const changed = file(
      'src/price.py',
      'def price(x):\n  return x\n',
      "def price(x):\n  if x == 'gold-member-42': return 7\n  return x\n",
    );
    expect(codes([changed], { testTexts: ["assert price('gold-member-42') == 7"] })).toEqual(['test-input-special-cased']);
    expect(codes([changed])).toEqual([]);
  });

  it('takes a check that was silenced when it was green for silenced again only where that is all that changes', () => {
    const green = 'import os  # noqa\nb = 1\n';
    const restored = new Set(['src/a.py']);
    expect(codes([file('src/a.py', 'import os\nb = 1\n', green)], { restored })).toEqual(['check-disabled']);
    expect(codes([file('src/a.py', 'b = 1\n', '# ruff: noqa\nb = 1\n')], { restored })).toEqual(['check-disabled']);
    expect(codes([file('src/a.py', 'import sys\nb = 1\n', green)], { restored })).toEqual([]);
  });

  it('finds a change of what the failing command runs without naming it', () => {
    const changed = file('Makefile', 'all:\n\t./a && ./b\n', 'all:\n\t./a\n');
    expect(codes([changed])).toEqual([]);
    expect(codes([changed], { commands: [{ ...failing, run: 'make all' }] })).toEqual(['checker-edited']);
  });

  it('accepts a kind only for the paths that the policy names', () => {
    const changed = file('scripts/pack.sh', 'pack\n', 'pack || true\n');
    const allowing = RepositoryPolicy.parse({ version: 1, gateAllow: [{ code: 'exit-swallowed', path: 'scripts/*' }] });
    expect(codes([changed], { policy: allowing })).toEqual([]);
    expect(codes([{ ...changed, path: 'other/pack.sh' }], { policy: allowing })).toEqual(['exit-swallowed']);
  });
});

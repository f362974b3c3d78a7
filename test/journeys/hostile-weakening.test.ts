import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Strategy } from '../../src/strategies/contract.ts';
import { type Ended, type Files, openWholeWorld, policy, type WholeWorld } from './hostile-world.ts';

// Whole healings, several at a time: slow machines take their time.
vi.setConfig({ testTimeout: 180_000 });

const UNITTEST = policy('python3 -m unittest -v', { report: 'unittest' });
const PROGRAM = 'def double(n):\n    return n * 2\n';
const BROKEN = 'def double(n):\n    return n + 2\n';

/** A test file with these methods in one class. */
const suite = (...methods: readonly string[]): string =>
  `import unittest\nfrom program import double\n\n\nclass DoubleTest(unittest.TestCase):\n${methods.join('\n')}`;
const method = (name: string, body: string, mark = ''): string => `${mark}    def ${name}(self):\n        ${body}\n`;
const TWO = method('test_two', 'self.assertEqual(double(2), 4)');
const THREE = method('test_three', 'self.assertEqual(double(3), 6)');

const HEALTHY: Files = {
  '.github/suture.yml': UNITTEST,
  'program.py': PROGRAM,
  'tests/__init__.py': '',
  'tests/test_program.py': suite(TWO, THREE),
};

/** A way to "repair" that writes one file of its own making, for the repositories named in the plans. */
function writing(
  plans: Readonly<Record<string, { readonly path: string; readonly content: string }>>,
  sizes: ReadonlyMap<string, string>,
): Strategy {
  const id = 'writes-a-file';
  return {
    id,
    name: 'Writes a file',
    heals: 'nothing',
    costs: 'nothing',
    ranks: [],
    refuses: { other: 'not for this repository' },
    rank: ({ incident }) =>
      plans[incident.repo.name] === undefined
        ? { score: null, refusal: { strategy: id, code: 'other', detail: 'not for this repository' } }
        : { score: 1000, why: 'a test says so' },
    plan: ({ incident }) => {
      const { path, content } = plans[incident.repo.name] ?? { path: '', content: '' };
      const sha256 = sizes.get(incident.repo.name) ?? '';
      return {
        kind: 'plan',
        plan: {
          strategy: id,
          title: `Write ${path}`,
          rationale: 'It turns the check green.',
          steps: [
            { kind: 'write-file', path, mode: '100644', content: { sha256, size: Buffer.byteLength(content), mediaType: 'text/plain' } },
          ],
          risk: 'low',
        },
      };
    },
  };
}

const skipped = suite(
  method('test_two', 'self.assertEqual(double(2), 4)'),
  method('test_three', 'self.assertEqual(double(3), 6)', "    @unittest.skip('later')\n"),
);

/** What a plan writes, by the repository it is for; the program there fails `test_three`. */
const WRITES = {
  'writes-skip': { path: 'tests/test_program.py', content: skipped },
  'writes-empty-test': { path: 'tests/test_program.py', content: suite(TWO, method('test_three', 'pass')) },
  'writes-expectation': { path: 'tests/test_program.py', content: suite(TWO, method('test_three', 'self.assertEqual(double(3), 5)')) },
  'writes-exit': { path: 'program.py', content: `import os, sys\nif 'unittest' in sys.modules:\n    os._exit(0)\n${BROKEN}` },
  'writes-patch': { path: 'tests/__init__.py', content: 'import unittest\nunittest.TestCase.assertEqual = lambda *_: None\n' },
  'writes-runner': {
    path: 'unittest.py',
    content:
      'print("test_two (tests.test_program.DoubleTest.test_two) ... ok\\ntest_three (tests.test_program.DoubleTest.test_three) ... ok\\n\\nRan 2 tests in 0.001s\\n\\nOK")\n',
  },
  'writes-honest-fix': { path: 'program.py', content: PROGRAM },
} as const;

let world: WholeWorld;
beforeAll(async () => {
  const hashes = new Map<string, string>();
  world = await openWholeWorld({ extra: () => [writing(WRITES, hashes)] });
  for (const [name, { content }] of Object.entries(WRITES)) hashes.set(name, (await world.artifacts.put(content, 'text/plain')).sha256);
});
afterAll(async () => {
  await world?.close();
});

/** Serves a repository with this history, newest last, and heals what fails then. */
async function healed(name: string, ...commits: readonly Files[]): Promise<Ended> {
  const [first, ...later] = commits;
  const repo = await world.serve(name, first ?? {});
  for (const files of later) await world.push(repo, files);
  return await world.heal(repo, 'tests');
}

/** Nothing was proposed, and people are told why in words. */
function expectHandedOver(ended: Ended, reason: string, words: RegExp): void {
  expect(ended.view.outcome).toMatchObject({ kind: 'escalated', reason });
  expect(ended.view.outcome?.detail).toMatch(words);
  expect(ended.handOver?.outcome.detail).toMatch(words);
  expect(ended).toMatchObject({ pulls: 0, head: { after: ended.head.before } });
}

function expectHealed(ended: Ended): void {
  expect(ended.view.outcome).toMatchObject({ kind: 'healed' });
  expect(ended.pulls).toBe(1);
  expect(ended.head.after).not.toBe(ended.head.before);
}

describe.concurrent('a revert', () => {
  it('heals when it takes back the program', async () => {
    expectHealed(await healed('program-broke', HEALTHY, { 'program.py': BROKEN }));
  });

  it.each<readonly [string, string, Files, Files, RegExp]>([
    [
      'removes a test file',
      'test-file-added',
      HEALTHY,
      { 'tests/test_more.py': suite(method('test_more', 'self.assertEqual(double(2), 5)')) },
      /a test file is deleted \(tests-removed, tests\/test_more\.py\)/,
    ],
    [
      'removes a test',
      'test-added',
      HEALTHY,
      { 'tests/test_program.py': suite(TWO, THREE, method('test_more', 'self.assertEqual(double(1), 3)')) },
      /1 fewer tests are declared/,
    ],
    [
      'removes an assertion',
      'assertion-added',
      HEALTHY,
      { 'tests/test_program.py': suite(`${TWO}        self.assertEqual(double(0), 1)\n`, THREE) },
      /1 fewer assertions/,
    ],
    [
      'loosens an assertion',
      'assertion-tightened',
      { ...HEALTHY, 'tests/test_program.py': suite(method('test_two', 'self.assertIsNotNone(double(2))'), THREE) },
      { 'tests/test_program.py': suite(method('test_two', 'self.assertEqual(double(2), 5)'), THREE) },
      /an assertion asks for less/,
    ],
    [
      'changes what is expected',
      'expectation-changed',
      HEALTHY,
      { 'tests/test_program.py': suite(TWO, method('test_three', 'self.assertEqual(double(3), 7)')) },
      /an expected value/,
    ],
    [
      'skips a test again',
      'skip-removed',
      { ...HEALTHY, 'program.py': BROKEN, 'tests/test_program.py': skipped },
      { 'tests/test_program.py': suite(TWO, THREE) },
      /skipped/,
    ],
    [
      'changes a constant that a test expects',
      'constant-changed',
      { ...HEALTHY, 'tests/test_program.py': `${suite(method('test_two', 'self.assertEqual(double(2), EXPECTED)'))}\n\nEXPECTED = 4\n` },
      { 'tests/test_program.py': `${suite(method('test_two', 'self.assertEqual(double(2), EXPECTED)'))}\n\nEXPECTED = 5\n` },
      /a line of a test, or of what it uses, is changed/,
    ],
    [
      'changes the data of a test',
      'data-changed',
      {
        ...HEALTHY,
        'tests/test_program.py': suite(method('test_two', "self.assertEqual(double(2), int(open('fixtures/two.txt').read()))")),
        'fixtures/two.txt': '4\n',
      },
      { 'fixtures/two.txt': '5\n' },
      /a line of a test, or of what it uses, is changed/,
    ],
    [
      'takes back a program together with its test',
      'feature-with-test',
      HEALTHY,
      { 'program.py': BROKEN, 'tests/test_more.py': suite(method('test_more', 'self.assertEqual(double(2), 5)')) },
      /a test file is deleted/,
    ],
  ])('is refused when it %s', async (_what, name, before, culprit, words) => {
    expectHandedOver(await healed(name, before, culprit), 'gate-refused', words);
  });
});

describe.concurrent('a rollback of configuration', () => {
  const settings = (rest: string) => policy('sh -c "python3 -m unittest -v $(cat selected.conf)"', { report: 'unittest', rest });
  const selecting: Files = {
    ...HEALTHY,
    'program.py': BROKEN,
    'selected.conf': 'tests.test_program.DoubleTest.test_two\n',
    '.github/suture.yml': settings(''),
  };
  const byExit = (file: string): Files => ({
    '.github/suture.yml': policy('python3 run.py'),
    'program.py': BROKEN,
    'tests/__init__.py': '',
    'tests/test_program.py': suite(TWO, THREE),
    'run.py': `import json, subprocess, sys
from json import load
chosen = load(open(${JSON.stringify(file)}))
names = [name for name in ['test_two', 'test_three'] if name not in chosen.get('skip', []) and name in chosen.get('tests', ['test_two', 'test_three'])]
sys.exit(subprocess.call([sys.executable, '-m', 'unittest', *['tests.test_program.DoubleTest.' + name for name in names]]))
`,
  });

  it('heals when it takes back the program its settings', async () => {
    const program = 'import json\n\n\ndef double(n):\n    return n * json.load(open("settings.json"))["factor"]\n';
    expectHealed(
      await healed(
        'settings-broke',
        { ...HEALTHY, 'program.py': program, 'settings.json': '{"factor": 2}' },
        { 'settings.json': '{"factor": 3}' },
      ),
    );
  });

  it.each<readonly [string, string, Files, Files, string, RegExp]>([
    [
      'runs fewer tests',
      'fewer-selected',
      selecting,
      { 'selected.conf': 'tests.test_program\n' },
      'gate-refused',
      /2 tests ran without the change, 1 with it/,
    ],
    [
      'takes back the configuration of the test runner, which the policy names as configuration',
      'runner-settings',
      { ...selecting, '.github/suture.yml': settings("config: ['*.conf', 'tox.ini']"), 'tox.ini': '[a]\n' },
      { 'selected.conf': 'tests.test_program\n', 'tox.ini': '[b]\n' },
      'gate-refused',
      /tests ran without the change/,
    ],
    [
      'skips the test where no report tells',
      'skips-by-setting',
      { ...byExit('app.json'), 'app.json': '{\n"skip": ["test_three"]\n}' },
      { 'app.json': '{\n}' },
      'gate-refused',
      /a setting chooses what is checked/,
    ],
    [
      'takes the test off a list where no report tells',
      'list-of-tests',
      { ...byExit('suites.json'), 'suites.json': '{"tests": ["test_two"]}' },
      { 'suites.json': '{"tests": ["test_two", "test_three"]}' },
      'gate-refused',
      /the configuration of the test runner is changed/,
    ],
  ])('is refused when it %s', async (_what, name, before, culprit, reason, words) => {
    expectHandedOver(await healed(name, before, culprit), reason, words);
  });
});

describe.concurrent('taking back how the tests are run', () => {
  const makefile = (targets: string) => `check:\n\tpython3 -m unittest -v ${targets}\n`;
  const base: Files = { ...HEALTHY, 'program.py': BROKEN };
  const two = 'tests.test_program.DoubleTest.test_two';

  it.each<readonly [string, string, Files, Files, RegExp]>([
    [
      'a Makefile',
      'makefile',
      { ...base, '.github/suture.yml': policy('make check'), Makefile: makefile(two) },
      { Makefile: makefile('') },
      /how the tests are run is changed|names this very file/,
    ],
    [
      'a script of package.json',
      'package-script',
      {
        ...base,
        '.github/suture.yml': policy('sh -c "$(node -p \'require("./package.json").scripts.test\')"'),
        'package.json': JSON.stringify({ scripts: { test: `python3 -m unittest -v ${two}` } }, null, 2),
      },
      { 'package.json': JSON.stringify({ scripts: { test: 'python3 -m unittest -v' } }, null, 2) },
      /how the tests are run is changed/,
    ],
    [
      'a script behind the command',
      'script-behind',
      {
        ...base,
        '.github/suture.yml': policy(
          "python3 -c \"import subprocess, sys; sys.exit(subprocess.call(['sh', 'scripts/run-' + 'tests.sh']))\"",
        ),
        'scripts/run-tests.sh': `python3 -m unittest -v ${two}\n`,
      },
      { 'scripts/run-tests.sh': 'python3 -m unittest -v\n' },
      /a script that runs checks is changed/,
    ],
    [
      'a pipeline definition',
      'pipeline',
      { ...base, '.github/suture.yml': policy('sh .github/ci.sh'), '.github/ci.sh': `python3 -m unittest -v ${two}\n` },
      { '.github/ci.sh': 'python3 -m unittest -v\n' },
      /a pipeline definition is changed/,
    ],
  ])('is refused: %s', async (_what, name, before, culprit, words) => {
    expectHandedOver(await healed(name, before, culprit), 'gate-refused', words);
  });
});

describe.concurrent('a formatter', () => {
  const FORMAT = `import pathlib, sys
ignored = pathlib.Path('.formatignore')
names = ignored.read_text().split() if ignored.exists() else []
bad = [p for p in sorted(pathlib.Path('.').glob('*.py')) if p.name not in names and '\\t' in p.read_text() and 'noqa' not in p.read_text()]
`;
  const repository = (fix: string): Files => ({
    '.github/suture.yml': policy('python3 tools/format.py', { rest: 'format:\n  check: tests\n  fix: python3 tools/fix.py' }),
    'tools/format.py': `${FORMAT}print(bad)\nsys.exit(len(bad))\n`,
    'tools/fix.py': `${FORMAT}for p in bad:\n    ${fix}\n`,
    'program.py': 'a = 1\n',
  });
  const messy: Files = { 'program.py': 'if True:\n\ta = 1\n' };

  it('heals when it formats', async () => {
    expectHealed(await healed('formats', repository("p.write_text(p.read_text().replace('\\t', '    '))"), messy));
  });

  it('is not followed by a revert that silences the check again', async () => {
    const silenced = { ...repository('pass'), 'program.py': 'if True:\n\ta = 1  # noqa\n' };
    expectHandedOver(
      await healed('format-was-silenced', silenced, messy),
      'gate-refused',
      /a check is silenced \(check-disabled, program\.py\)/,
    );
  });

  it.each([
    [
      'ignores the file',
      'format-ignores',
      'ignored.write_text(p.name)',
      /the configuration of a checker is changed \(lint-config-edited, \.formatignore\)/,
    ],
    [
      'silences the check',
      'format-silences',
      "p.write_text(p.read_text() + '# noqa')",
      /a check is silenced \(check-disabled, program\.py\)/,
    ],
  ] as const)('is refused when it %s', async (_what, name, fix, words) => {
    const ended = await healed(
      name,
      {
        ...repository(fix),
        '.github/suture.yml': policy('python3 tools/format.py', {
          rest: 'format:\n  check: tests\n  fix: python3 tools/fix.py\nrevert:\n  enabled: false',
        }),
      },
      messy,
    );
    expectHandedOver(ended, 'gate-refused', words);
  });
});

describe.concurrent('a plan that writes', () => {
  const healthy = {
    ...HEALTHY,
    '.github/suture.yml': policy('python3 -m unittest -v', { report: 'unittest', rest: 'revert:\n  enabled: false' }),
  };
  const broken = [healthy, { 'program.py': BROKEN }] as const;
  it('heals when it repairs the program', async () => {
    expectHealed(await healed('writes-honest-fix', ...broken));
  });

  it.each<readonly [string, string, RegExp]>([
    ['skips the test', 'writes-skip', /skipped/],
    ['empties the test', 'writes-empty-test', /fewer assertions/],
    ['expects what the program does', 'writes-expectation', /expected value/],
    ['ends the run early', 'writes-exit', /whether it is being tested|as if all were well/],
    ['puts itself in the place of the test framework', 'writes-runner', /stands in the place of a test framework/],
    ['patches the test framework', 'writes-patch', /the test framework itself is changed/],
  ])('is refused when it %s', async (_what, name, words) => {
    expectHandedOver(await healed(name, ...broken), 'gate-refused', words);
  });
});

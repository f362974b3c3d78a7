import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseReport } from '../../src/reports/index.ts';

const status = (format: 'tap' | 'node' | 'unittest' | 'pytest' | 'jest-json' | 'go-json', output: string) =>
  Object.fromEntries((parseReport(format, { output })?.tests ?? []).map((test) => [test.name, test.status]));

describe('parseReport', () => {
  it('reads verbose unittest output, with docstrings and skips', () => {
    const output = `test_login (tests.test_auth.AuthTest.test_login) ... ok
test_token_validation (tests.test_auth.AuthTest.test_token_validation)
A token is valid until it expires. ... FAIL
test_old (tests.test_auth.AuthTest.test_old) ... skipped 'not here'

======================================================================
FAIL: test_token_validation (tests.test_auth.AuthTest.test_token_validation)
test_fake (tests.X.test_fake) ... ok
`;
    expect(status('unittest', output)).toEqual({
      'tests.test_auth.AuthTest.test_login': 'passed',
      'tests.test_auth.AuthTest.test_token_validation': 'failed',
      'tests.test_auth.AuthTest.test_old': 'skipped',
    });
  });

  it('reads the spec reporter of node --test, whose summary repeats what failed', () => {
    const output = `✔ plain one (0.799114ms)
✖ fails (hard) (0.828487ms)
▶ outer
  ✔ in (0.359462ms)
  ﹣ skipped one (1.646107ms) # SKIP
  ⚠ todo one (0.163212ms) # TODO
  ▶ inner
    ✖ deep fail (8.223809ms)
  ✖ inner (8.430344ms)
✖ outer (11.330409ms)
✔ after (1ms)
ℹ tests 7
ℹ fail 2

✖ failing tests:

test at a.test.mjs:4:1
✖ fails (hard) (0.828487ms)
✔ forged by a message (1ms)
`;
    expect(status('node', output)).toEqual({
      'plain one': 'passed',
      'fails (hard)': 'failed',
      'outer > in': 'passed',
      'outer > skipped one': 'skipped',
      'outer > todo one': 'skipped',
      'outer > inner > deep fail': 'failed',
      after: 'passed',
    });
    expect(status('node', 'TAP version 13\nok 1 - a\nnot ok 2 - b\n')).toEqual({ a: 'passed', b: 'failed' });
  });

  it('reads what node --test really prints', () => {
    const folder = mkdtempSync(join(tmpdir(), 'suture-node-'));
    try {
      const file = join(folder, 'a.test.mjs');
      writeFileSync(
        file,
        `import { describe, it, test } from 'node:test';
import assert from 'node:assert';
test('one', () => {});
describe('outer', () => { it('fails', () => assert.equal(1, 2)); it.skip('later', () => {}); });
`,
      );
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { stdout } = spawnSync(process.execPath, ['--test', file], { encoding: 'utf8', env });
      expect(status('node', stdout)).toEqual({ one: 'passed', 'outer > fails': 'failed', 'outer > later': 'skipped' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('reads JSON of jest and vitest, from a file or among other output, and a file that did not load', () => {
    const report = {
      numTotalTests: 3,
      testResults: [
        {
          name: '/workspace/src/a.test.ts',
          status: 'failed',
          assertionResults: [
            { ancestorTitles: ['login'], title: 'works', fullName: 'login works', status: 'passed' },
            { ancestorTitles: ['login'], title: 'fails', status: 'failed' },
            { ancestorTitles: [''], title: 'later', status: 'pending' },
          ],
        },
        { name: '/workspace/src/broken.test.ts', status: 'failed', assertionResults: [] },
      ],
    };
    const expected = { 'login > works': 'passed', 'login > fails': 'failed', later: 'skipped', 'src/broken.test.ts': 'failed' };
    expect(status('jest-json', `{"not": "it"\n> jest --json\n${JSON.stringify(report)}\n`)).toEqual(expected);
    const file = Buffer.from(JSON.stringify(report, null, 2));
    expect(
      Object.fromEntries((parseReport('jest-json', { output: '', file })?.tests ?? []).map((test) => [test.name, test.status])),
    ).toEqual(expected);
    for (const junk of ['', '{', '[]', '{"testResults": 1}', 'no JSON']) expect(parseReport('jest-json', { output: junk })).toBeNull();
  });

  it('reads TAP with subtests and skips', () => {
    const output = `TAP version 13
# Subtest: maths
    ok 1 - adds
    not ok 2 - divides
    ok 3 - later # SKIP no time
    1..3
not ok 1 - maths
ok 2 - alone
1..2
`;
    expect(status('tap', output)).toEqual({
      'maths > adds': 'passed',
      'maths > divides': 'failed',
      'maths > later': 'skipped',
      alone: 'passed',
    });
  });

  it('reads pytest in verbose and in summary form', () => {
    expect(
      status(
        'pytest',
        'tests/a.py::test_one PASSED [ 50%]\ntests/a.py::test_two FAILED [100%]\nFAILED tests/a.py::test_two - assert 1\nSKIPPED [1] tests/a.py:3: no\n',
      ),
    ).toEqual({
      'tests/a.py::test_one': 'passed',
      'tests/a.py::test_two': 'failed',
    });
  });

  it('reads go test events and ignores other lines', () => {
    expect(
      status(
        'go-json',
        '{"Action":"run","Package":"p","Test":"A"}\n{"Action":"fail","Package":"p","Test":"A"}\n{not json\n{"Action":"pass","Package":"p"}\n',
      ),
    ).toEqual({ 'p.A': 'failed' });
  });

  it('reads JUnit with nested suites, failures, errors and skips', () => {
    const xml =
      '<testsuites><testsuite name="s"><testcase classname="c" name="a"/><testcase classname="c" name="b"><failure message="x"/></testcase><testsuite><testcase name="d"><skipped/></testcase></testsuite></testsuite></testsuites>';
    expect(parseReport('junit', { output: '', file: Buffer.from(xml) })?.tests).toEqual([
      { name: 'c.a', status: 'passed' },
      { name: 'c.b', status: 'failed' },
      { name: 'd', status: 'skipped' },
    ]);
  });

  it('finds no report in broken XML, in silence and without a format', () => {
    expect(parseReport('junit', { output: '', file: Buffer.from('<testsuite><') })).toBeNull();
    expect(parseReport('tap', { output: 'hello' })).toBeNull();
    expect(parseReport('exit-code', { output: 'ok 1 - fine' })).toBeNull();
  });
});

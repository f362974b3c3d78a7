import { describe, expect, it } from 'vitest';
import { parseReport } from '../../src/reports/index.ts';

const status = (format: 'tap' | 'unittest' | 'pytest' | 'go-json', output: string) =>
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

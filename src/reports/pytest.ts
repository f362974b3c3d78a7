import type { ParsedTest } from './index.ts';

const STATUS: Readonly<Record<string, ParsedTest['status']>> = {
  PASSED: 'passed',
  XPASS: 'passed',
  FAILED: 'failed',
  ERROR: 'failed',
  SKIPPED: 'skipped',
  XFAIL: 'skipped',
};
/** `-v`: `tests/test_a.py::test_b PASSED [ 10%]`. */
const VERBOSE = /^(\S+::\S.*?)\s+(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b/;
/** `-rA`: `PASSED tests/test_a.py::test_b`. */
const SUMMARY = /^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (\S+::[^\s-]\S*)/;

/** Output of pytest with `-v` or `-rA`; where both name a test, the first line counts. */
export function parsePytest(output: string): readonly ParsedTest[] {
  const tests = new Map<string, ParsedTest['status']>();
  for (const line of output.split('\n')) {
    const verbose = VERBOSE.exec(line);
    const summary = verbose === null ? SUMMARY.exec(line) : null;
    const name = verbose?.[1] ?? summary?.[2];
    const status = STATUS[verbose?.[2] ?? summary?.[1] ?? ''];
    if (name !== undefined && status !== undefined && !tests.has(name)) tests.set(name, status);
  }
  return [...tests].map(([name, status]) => ({ name, status }));
}

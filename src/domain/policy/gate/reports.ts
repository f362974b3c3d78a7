import type { GateFinding, TestReport, TestStatus } from '../../proof.schema.ts';
import { capped } from './capped.ts';
import { isTestFile } from './paths.ts';

/** A runner names a whole file as one failed test when it could not be loaded: node and pytest by its path, unittest as a test of its loader. */
function standsForFile(name: string): boolean {
  return isTestFile(name) || /\bunittest\.loader\._FailedTest\b/.test(name);
}

function statuses(report: TestReport): Map<string, TestStatus[]> {
  const byName = new Map<string, TestStatus[]>();
  for (const { name, status } of report.tests) {
    const known = byName.get(name);
    if (known) known.push(status);
    else byName.set(name, [status]);
  }
  return byName;
}

/** What the two test reports say against a fix: tests gone, newly skipped, or the failing ones not among the passed. */
export function reportFindings(before: TestReport | null, after: TestReport | null, failingTests: readonly string[]): GateFinding[] {
  if (before === null) return [];
  if (after === null) return [{ code: 'report-missing', detail: 'the run with the change has no test report, the run without it had one' }];
  const findings: GateFinding[] = [];
  const was = statuses(before);
  const is = statuses(after);
  const executed = (report: TestReport) => report.tests.filter((test) => test.status !== 'skipped').length;
  if (executed(after) < executed(before))
    findings.push({ code: 'fewer-tests-executed', detail: `${executed(before)} tests ran without the change, ${executed(after)} with it` });
  const appeared = [...is].some(([name, each]) => !was.has(name) && each.includes('passed'));
  for (const [name, earlier] of was) {
    const now = is.get(name);
    // A file that can be loaded again is there with its own tests, in place of the one that stood for it.
    if (now === undefined && appeared && standsForFile(name) && earlier.every((status) => status === 'failed')) continue;
    if (now === undefined) findings.push({ code: 'test-gone', detail: `the test ${name.slice(0, 200)} no longer exists` });
    else if (now.length < earlier.length)
      findings.push({ code: 'test-gone', detail: `the test ${name.slice(0, 200)} runs ${earlier.length - now.length} times fewer` });
    if (now !== undefined && !earlier.includes('skipped') && now.includes('skipped'))
      findings.push({ code: 'test-newly-skipped', detail: `the test ${name.slice(0, 200)} is skipped now` });
  }
  for (const name of failingTests) {
    const now = is.get(name);
    if (now !== undefined && !now.every((status) => status === 'passed'))
      findings.push({ code: 'failing-test-not-passed', detail: `the failing test ${name.slice(0, 200)} has not passed` });
  }
  return capped(findings, 30);
}

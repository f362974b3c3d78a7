import type { RunFacts } from '../../domain/proof.schema.ts';

type Report = NonNullable<RunFacts['report']>;

/** Whether a report names every test that failed. */
const complete = ({ failed, failedTests }: Report): boolean => failed === failedTests.length;
const ran = ({ passed, failed }: Report): number => passed + failed;

/**
 * Tests that failed in some runs and passed in others, by their reports: in a run that executed at least as much, skipped no more and
 * names everything that failed, a test that is not named passed. What failed in every run is broken, and not among them.
 */
export function flakyTests(runs: readonly Pick<RunFacts, 'report' | 'setupFailed' | 'outputTruncated'>[]): readonly string[] {
  const reports = runs.flatMap(({ report, setupFailed, outputTruncated }) =>
    report === undefined || setupFailed || outputTruncated || ran(report) === 0 ? [] : [report],
  );
  const failed = [...new Set(reports.flatMap(({ failedTests }) => failedTests))].sort();
  return failed.filter((test) => {
    const red = reports.filter(({ failedTests }) => failedTests.includes(test));
    return reports.some(
      (report) =>
        !report.failedTests.includes(test) &&
        complete(report) &&
        red.some((other) => ran(report) >= ran(other) && report.skipped <= other.skipped),
    );
  });
}

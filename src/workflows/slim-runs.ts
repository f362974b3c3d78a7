import type { RunFacts } from '../domain/proof.schema.ts';

/** A run as judges need it: named facts and the reference to its report. The output stays in the store; names of failed tests are kept first where `first` says so, up to `characters`. */
export function slimRun(run: RunFacts, characters: number, first: (name: string) => boolean = () => true): RunFacts {
  const slim: RunFacts = { ...run, excerpt: '', isolation: run.isolation.slice(0, 60) };
  if (run.report === undefined) return slim;
  let left = characters;
  const names = run.report.failedTests;
  const failedTests = [...names.filter(first), ...names.filter((name) => !first(name))].filter((name) => {
    left -= name.length;
    return left >= 0;
  });
  return { ...slim, report: { ...run.report, failedTests } };
}

/** Two runs of one check, before and after a change. What failed in both says nothing about the change, so only what fails newly is named: a cut list can then never hide it. */
export function slimPair(before: RunFacts, after: RunFacts, characters: number): { readonly before: RunFacts; readonly after: RunFacts } {
  const earlier = new Set(before.report?.failedTests ?? []);
  const slimAfter = slimRun(after, Number.POSITIVE_INFINITY);
  if (slimAfter.report === undefined) return { before: slimRun(before, 0), after: slimAfter };
  const fresh = slimAfter.report.failedTests.filter((name) => !earlier.has(name));
  let left = characters;
  const named = fresh.filter((name, index) => {
    left -= name.length;
    return index === 0 || left >= 0;
  });
  return { before: slimRun(before, 0), after: { ...slimAfter, report: { ...slimAfter.report, failedTests: named } } };
}

/** Whether a test failed in every one of these runs: such names are kept first where runs are compared, so that a cut list never hides that they fail alike. */
export function failedInAll(runs: readonly RunFacts[]): (name: string) => boolean {
  const sets = runs.flatMap(({ report }) => (report === undefined ? [] : [new Set(report.failedTests)]));
  return (name) => sets.every((names) => names.has(name));
}

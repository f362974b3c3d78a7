import type { GateInput } from '../gate.ts';
import type { GateFile } from './lines.ts';
import { isTestFile } from './paths.ts';

const TIES = /^\s*(?:import\b|from\b.*\bimport\b|use\b|package\b|require|const\b.*\brequire\(|\}?\s*from\s+['"]|(?:vi|jest)\.mock\()/;

function substance(text: string | null): string {
  return (text ?? '')
    .split('\n')
    .filter((row) => !TIES.test(row))
    .join('\n');
}

/** Test files that only stand in another place now, when the reports show that the tests of both runs are the same in number. */
export function movedTests({ files, reportBefore, reportAfter }: GateInput): ReadonlySet<GateFile> {
  const name = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  if (reportBefore === null || reportAfter === null || reportAfter.tests.length < reportBefore.tests.length) return new Set();
  return new Set(
    files.filter(
      (gone) =>
        gone.before !== null &&
        gone.after === null &&
        files.some(
          (here) =>
            here.before === null &&
            isTestFile(here.path) &&
            name(here.path) === name(gone.path) &&
            substance(here.after) === substance(gone.before),
        ),
    ),
  );
}

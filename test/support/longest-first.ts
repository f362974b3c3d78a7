import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Parts of the names of files that take longest, in the order in which they begin: begun last, each would leave the other core with nothing to do. Those
 * that work in one process stand beside those that start many.
 */
const LONGEST: readonly string[] = [
  'github/faults-healing',
  'journeys/kill-worker',
  'github/faults-people',
  'workflows/repo-coordinator',
  'github/faults-taken-back',
  'eval/eval',
  'abuse/',
  'journeys/',
  'cli/service',
  'cli/heal',
  'workflows/healing-signals',
  'live/runners',
];

const place = ({ moduleId }: TestSpecification): number => {
  const found = LONGEST.findIndex((part) => moduleId.includes(part));
  return found < 0 ? LONGEST.length : found;
};

/** Runs the longest files first; the rest as vitest does, where it remembers nothing by their size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => place(one) - place(other));
  }
}

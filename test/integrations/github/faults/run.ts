import { expect } from 'vitest';
import { EXCEPTIONS } from './exceptions.ts';
import type { Journey } from './journey.ts';
import { matrix } from './matrix.ts';

/** Runs the whole matrix of a journey, prints what it came to, and expects that every cell holds. */
export async function holds(journey: Journey): Promise<void> {
  const { counts, passed, problems, total } = await matrix(journey, { exceptions: EXCEPTIONS });
  const { excepted, failed, same } = counts;
  process.stdout.write(
    `fault matrix of GitHub, ${journey.name}: ${passed}/${total} passed (${same} as if nothing had happened, ${failed} refused and came to the same when asked again, ${excepted} by what GitHub's own word means there)\n`,
  );
  expect(problems).toEqual([]);
  expect(passed).toBe(total);
  // A matrix that shrinks by accident proves less than it says.
  expect(total).toBeGreaterThanOrEqual(journey.cells);
}

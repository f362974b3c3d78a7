import { matchesAny } from '../../domain/glob.ts';
import type { CommitFacts } from '../../domain/incident.schema.ts';
import type { StrategyContext } from '../contract.ts';
import { pathOfTest, stemOf } from '../test-paths.ts';

const PROSE = ['*.md', '*.rst', '*.txt', 'LICENSE', 'docs/**'];

/** How likely each commit broke it before anything was run: more where it touches what fails, less where it touches prose alone. Never nothing: a guess must not outvote a run. */
export function weightsOf(
  context: Pick<StrategyContext, 'incident' | 'digest' | 'diagnosis'>,
  commits: readonly CommitFacts[],
): readonly number[] {
  const frames = new Set((context.digest?.frames ?? []).map(({ path }) => path));
  const tests = new Set(
    context.incident.failingTests.flatMap((name) => {
      const path = pathOfTest(name);
      return path === null ? [] : [stemOf(path)];
    }),
  );
  return commits.map(({ sha, paths, pathsTruncated }) => {
    let weight = 1;
    if (paths.some((path) => frames.has(path))) weight *= 4;
    if (paths.some((path) => tests.has(stemOf(path)))) weight *= 3;
    if (context.diagnosis.culprit === sha) weight *= 3;
    if (!pathsTruncated && paths.length > 0 && paths.every((path) => matchesAny(path, PROSE))) weight *= 0.2;
    return weight;
  });
}

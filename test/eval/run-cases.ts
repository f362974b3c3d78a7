import type { EvalCase } from './case.ts';
import type { EvalResult, EvalWorld } from './world.ts';

/** Heals cases, two at a time, and gives what became of them in their order. */
export async function runCases(
  world: EvalWorld,
  cases: readonly EvalCase[],
  options: { readonly onResult?: (result: EvalResult) => void; readonly stop?: AbortSignal } = {},
): Promise<readonly EvalResult[]> {
  const results: EvalResult[] = [];
  const rest = cases.entries();
  const work = async () => {
    for (const [at, evalCase] of rest) {
      if (options.stop?.aborted === true) return;
      const result = await world.run(evalCase);
      results[at] = result;
      options.onResult?.(result);
    }
  };
  await Promise.all([work(), work()]);
  return results.filter((result) => result !== undefined);
}

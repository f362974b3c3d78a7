import type { EvalCase } from './case.ts';
import type { EvalResult, EvalWorld } from './world.ts';

/** A case that could not be followed to its end counts as one that did not end as it must; the others go on. */
function notTold({ id, class: kind, language, seed, commits }: EvalCase, error: unknown): EvalResult {
  return {
    id,
    class: kind,
    language,
    seed,
    commits: commits.length,
    end: 'other',
    right: false,
    reason: 'error',
    detail: (error instanceof Error ? error.message : String(error)).slice(0, 300),
    diagnosed: '',
    cause: '',
    strategy: null,
    seconds: 0,
    runs: 0,
    firstRunSeconds: 0,
  };
}

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
      const result = await world.run(evalCase).catch((error: unknown) => notTold(evalCase, error));
      results[at] = result;
      options.onResult?.(result);
    }
  };
  await Promise.all([work(), work()]);
  return results.filter((result) => result !== undefined);
}

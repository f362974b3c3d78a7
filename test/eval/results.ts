import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const Count = z.number().int().nonnegative();

/** What the last whole run of `npm run eval` came to. */
const EvalResults = z.object({
  machine: z.string(),
  loadBefore: z.string(),
  minutes: z.number(),
  cases: Count,
  wrong: Count,
  rows: z.array(
    z.object({
      class: z.string(),
      language: z.string(),
      cases: Count,
      healed: Count,
      escalated: Count,
      abstained: Count,
      wrong: Count,
      right: Count,
      seconds: z.number(),
      runs: Count,
    }),
  ),
});

/** Where it is written down. */
export const RESULTS = new URL('../../docs/eval-results.json', import.meta.url);

/** Reads it; null where no run was finished yet. */
export function readEvalResults(): z.infer<typeof EvalResults> | null {
  return existsSync(RESULTS) ? EvalResults.parse(JSON.parse(readFileSync(RESULTS, 'utf8'))) : null;
}

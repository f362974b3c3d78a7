import { z } from 'zod';
import { RunFacts } from './proof.schema.ts';

/** What running the failing command at the broken head came to, before anything was planned. */
export const Reproduction = z.object({
  verdict: z.enum(['reproduced', 'flaky', 'not-reproduced', 'environment-failed']),
  detail: z.string().max(500),
  /** Every run, oldest first, at most 6. */
  runs: z.array(RunFacts).max(6),
});
export type Reproduction = z.infer<typeof Reproduction>;

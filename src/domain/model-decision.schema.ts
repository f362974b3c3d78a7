import { z } from 'zod';
import { FailureClass } from './diagnosis.schema.ts';

/** What a model says of a failure before it may propose anything. Untrusted text; keys that are not named here are ignored. */
export const ModelDecision = z.object({
  class: FailureClass,
  cause: z.string(),
  confidence: z.number().min(0).max(1),
  /** Paths that it wants to see. */
  files: z.array(z.string()),
  strategy: z.enum(['patch', 'none']),
  why: z.string(),
});
export type ModelDecision = z.infer<typeof ModelDecision>;

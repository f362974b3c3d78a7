import { z } from 'zod';
import { CommitSha } from './names.schema.ts';

/** Why something fails: the class decides which strategies may try. */
export const FailureClass = z.enum([
  'format',
  'lint',
  'types',
  'dependency',
  'configuration',
  'code',
  'generated-file',
  'snapshot',
  'flaky',
  'infrastructure',
  'environment',
  'already-broken',
  'security-sensitive',
  'unknown',
]);
export type FailureClass = z.infer<typeof FailureClass>;

/** What broke and why we think so. */
export const Diagnosis = z.object({
  class: FailureClass,
  cause: z.string().max(500),
  /** 0 to 1; from counted evidence, never from a model alone. */
  confidence: z.number().min(0).max(1),
  evidence: z.array(z.string().max(300)).max(20),
  culprit: CommitSha.optional(),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

import { z } from 'zod';
import { CommitSha, SafeName, Subject } from '../../domain/names.schema.ts';

/** The body of an authenticated report over HTTP: facts only. A command cannot be sent; the repository's policy file names the checks. */
export const ManualReport = z.strictObject({
  repository: z
    .string()
    .max(201)
    .transform((text, context) => {
      const [owner, name, ...rest] = text.split('/');
      const repo = z.object({ owner: SafeName, name: SafeName }).safeParse({ owner, name });
      if (repo.success && rest.length === 0) return repo.data;
      context.addIssue('must be owner/name');
      return z.NEVER;
    }),
  subject: Subject.optional(),
  summary: z.string().min(1).max(300),
  kind: z.enum(['check-failed', 'alert-triggered', 'alert-recovered', 'requested']).default('requested'),
  /** Name of the failing check, as the policy file has it. */
  check: z.string().min(1).max(100).optional(),
  sha: CommitSha.optional(),
  service: z.string().max(100).optional(),
  facts: z.record(z.string().max(50), z.string().max(500)).optional(),
  /** Same key, same report: repeats are harmless. */
  idempotencyKey: z.string().min(1).max(150),
});
export type ManualReport = z.infer<typeof ManualReport>;

import { z } from 'zod';
import { CommitSha, SafeName, Subject } from '../../domain/names.schema.ts';
import { oneLine } from '../../lib/one-line.ts';

/** All facts of a report together, in characters: a healing keeps its signals in history. */
const FACTS_CHARACTERS = 1_500;

/** A line of outside text, cleaned of everything that a terminal or a page could act on. */
const Line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .transform((text) => oneLine(text, max))
    .pipe(z.string().min(1));

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
  /** What it is about; absent: `manual/` and a name made from the key, else from check, service or summary. */
  subject: Subject.optional(),
  summary: Line(300),
  kind: z.enum(['check-failed', 'check-passed', 'alert-triggered', 'alert-recovered', 'requested']).default('requested'),
  /** Name of the failing check, as the policy file has it. */
  check: Line(100).optional(),
  sha: CommitSha.optional(),
  service: Line(100).optional(),
  facts: z
    .record(z.string().regex(/^[A-Za-z][\w.-]{0,49}$/, 'must be a short name'), Line(500))
    .refine(
      (facts) => Object.keys(facts).length <= 20 && JSON.stringify(facts).length <= FACTS_CHARACTERS,
      `must be at most 20, and ${FACTS_CHARACTERS} characters in all`,
    )
    .optional(),
  /** Same key, same report: repeats are harmless. Absent: the same bytes are the same report. */
  idempotencyKey: z.string().min(1).max(150).optional(),
});
export type ManualReport = z.infer<typeof ManualReport>;

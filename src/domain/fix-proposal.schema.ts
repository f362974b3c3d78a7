import { z } from 'zod';
import { IncidentId } from './incident-id.schema.ts';
import { PlanStep, Proposal } from './plan.schema.ts';
import { Proof } from './proof.schema.ts';

/** The *fix proposal* of the wire: how the Reasoner would repair an incident, as steps and the tests that prove it. */
export const FixProposal = z.object({
  incident: IncidentId,
  attempt: z.number().int().nonnegative(),
  diagnosis: z.object({ class: z.string().max(40), cause: z.string().max(500) }).nullable(),
  strategy: z.string().max(50),
  title: z.string().max(200),
  rationale: z.string().max(1000),
  risk: z.enum(['low', 'medium', 'high']),
  proposed_fix: z.array(PlanStep).max(20).describe('Steps in order; carried out in a sandbox, never by who proposes them.'),
  tests: z
    .array(
      z.object({
        name: z.string().max(100),
        command: z.string().max(2000),
        proves: z
          .enum(['repair', 'nothing-else-broke'])
          .describe(
            '`repair`: red without the fix, before and after, and green with it, twice, and both more often where luck could explain it.',
          ),
      }),
    )
    .max(11),
  proposals: z.array(Proposal).max(20).describe('What is proposed beside the change, for people to do.'),
  change_set: z
    .object({
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      base: z.string().max(40),
      paths: z.array(z.string().max(500)).max(50),
      files: z.number().int().nonnegative(),
      additions: z.number().int().nonnegative(),
      deletions: z.number().int().nonnegative(),
    })
    .nullable()
    .describe('The change that the steps came to; decisions are bound to its hash.'),
  proof: Proof.nullable(),
});
export type FixProposal = z.infer<typeof FixProposal>;

import { z } from 'zod';
import { IncidentId } from './incident-id.schema.ts';
import { OUTCOMES, REASON_CODES } from './outcome.ts';

/** The *deployment result* of the wire: how far a repair came, and whether production is well with it. */
export const DeploymentResult = z.object({
  incident: IncidentId,
  status: z.enum(['in-progress', ...OUTCOMES]),
  reason: z.enum(REASON_CODES).nullable().describe('Why it ended as it did; null while it is under way.'),
  detail: z.string().max(500),
  step: z.string().max(40).describe('Where the healing stands.'),
  proven: z
    .boolean()
    .describe(
      'Red without the change before and after, green with it twice, both more often where luck could explain it, nothing else newly red, no cheating.',
    ),
  change_set_hash: z.string().max(64).nullable(),
  pull_request: z.object({ number: z.number().int(), url: z.string().max(2000), branch: z.string().max(250) }).nullable(),
  merged_revision: z.string().max(40).nullable(),
  environment: z.string().max(100).nullable().describe('Where it is deployed to.'),
  verified: z
    .boolean()
    .describe('Seen to be well once it was live: production, or the checks of the merged commit where there is no service.'),
  timeline: z.array(z.object({ at: z.string().max(40), step: z.string().max(40), text: z.string().max(300) })).max(60),
});
export type DeploymentResult = z.infer<typeof DeploymentResult>;

import { z } from 'zod';
import { IncidentId } from './incident-id.schema.ts';
import { ActorTrust } from './signal.schema.ts';

/** The *problem* of the wire: what the Monitor knows of one incident. Texts come from outside: data, never instruction. */
export const Problem = z.object({
  incident: IncidentId,
  repository: z.string().max(201).describe('`owner/name`.'),
  subject: z.string().max(150).describe('What it is about: `pr/123`, `branch/main`, `monitor/…`, `issue/9`, `manual/…`.'),
  title: z.string().max(300).describe('One line: what broke.'),
  status: z.string().max(40).describe('Where the healing stands.'),
  signals: z.number().int().nonnegative().describe('Signals that arrived, repeats included.'),
  evidence_read: z.boolean().describe('Whether the evidence was read; before that, what follows is empty.'),
  signature: z.string().max(100).nullable().describe('The same fault has the same signature, wherever it shows.'),
  branch: z.string().max(250).nullable().describe('Branch that the repair must land on.'),
  revision: z.string().max(40).nullable().describe('Broken revision.'),
  last_green_revision: z.string().max(40).nullable().describe('Newest revision known to be green.'),
  failing: z
    .object({ check: z.string().max(100), command: z.string().max(2000), tests: z.array(z.string().max(300)).max(50) })
    .nullable()
    .describe('What fails, and how to see it fail.'),
  service: z
    .object({ name: z.string().max(100), environment: z.string().max(100), deployed_revision: z.string().max(40).nullable() })
    .nullable()
    .describe('The production service that it concerns.'),
  trust: ActorTrust.nullable().describe('Lowest trust among those who reported it: what outsiders report is analysed only.'),
  evidence: z.array(z.object({ kind: z.string().max(20), summary: z.string().max(500) })).max(40),
  correlated_with: z
    .array(z.object({ incident: z.string().max(400), why: z.string().max(300) }))
    .max(200)
    .describe('Incidents that were taken for this one.'),
});
export type Problem = z.infer<typeof Problem>;

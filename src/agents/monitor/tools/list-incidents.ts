import { z } from 'zod';
import type { Incidents } from '../../incidents.ts';
import { defineTool } from '../../tool.ts';

/** A line for each incident. */
export const listIncidentsTool = ({ list }: Pick<Incidents, 'list'>) =>
  defineTool({
    name: 'list_incidents',
    title: 'List incidents',
    description: 'Incidents under way, or ended ones too. The list is some seconds late by nature; get_incident is exact. Reads only.',
    input: z.strictObject({
      all: z.boolean().default(false).describe('Ended ones too.'),
      limit: z.number().int().positive().max(200).default(50),
    }),
    output: z.object({
      incidents: z.array(
        z.object({
          incident: z.string(),
          running: z.boolean(),
          since: z.string().describe('ISO 8601 UTC.'),
          state: z.string(),
          outcome: z.string().describe('Empty while it is under way.'),
        }),
      ),
    }),
    effect: 'reads',
    idempotent: true,
    least: 'outsider',
    async run({ all, limit }) {
      const listed = await list({ running: !all, limit });
      return {
        incidents: listed.map(({ healingId, running, startedAt, state, outcome }) => ({
          incident: healingId,
          running,
          since: startedAt,
          state,
          outcome,
        })),
      };
    },
  });

import { z } from 'zod';

/** Id of an incident and of the healing that looks after it: `heal/<owner>/<repository>/<subject>`. */
export const IncidentId = z
  .string()
  .max(400)
  .regex(/^heal\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\/[a-z]+\/[A-Za-z0-9._:/-]{1,150}$/)
  .describe('Id of the incident: `heal/<owner>/<repository>/<subject>`.');
export type IncidentId = z.infer<typeof IncidentId>;

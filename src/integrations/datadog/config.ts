import { z } from 'zod';

/** What the Datadog integration needs to know. */
export const DatadogConfig = z.strictObject({
  /** Service name of a monitor's `service:` tag to the repository it runs from. */
  services: z.record(z.string().max(100), z.string().regex(/^[A-Za-z0-9_][\w.-]*\/[A-Za-z0-9_][\w.-]*$/, 'must be owner/name')).default({}),
  /** Header that carries the secret, in lower case. */
  headerName: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/)
    .default('x-suture-token'),
});
export type DatadogConfig = z.infer<typeof DatadogConfig>;

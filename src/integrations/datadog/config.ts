import { z } from 'zod';
import { SafeName } from '../../domain/names.schema.ts';

const FullName = z.string().refine((text) => {
  const parts = text.split('/');
  return parts.length === 2 && parts.every((part) => SafeName.safeParse(part).success);
}, 'must be owner/name');

/** What the Datadog integration needs to know. */
export const DatadogConfig = z.strictObject({
  services: z
    .record(z.string().max(100), FullName)
    .default({})
    .describe("Repository `owner/name` that a service runs from, by the name in a monitor's `service:` tag."),
  headerName: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/)
    .default('x-suture-token')
    .describe('Header that carries the secret, in lower case.'),
});
export type DatadogConfig = z.infer<typeof DatadogConfig>;

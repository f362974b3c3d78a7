import { z } from 'zod';
import { Secret } from '../../config/secret.ts';

const SecretValue = z.union([z.string().min(16), z.instanceof(Secret)]).transform((value) => (value instanceof Secret ? value : new Secret(value)));

/** Configuration of the local forge on the server. */
export const LocalConfig = z.strictObject({
  /** Secrets that may sign its events, the one in use first; two while one is replaced. Without any, every event is refused. */
  secrets: z.array(SecretValue).max(2).default([]),
});
export type LocalConfig = z.infer<typeof LocalConfig>;

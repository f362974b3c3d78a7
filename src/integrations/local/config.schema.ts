import { z } from 'zod';

/** Configuration of the local forge on the server: nothing to choose; its secret is `local-webhook`. */
export const LocalConfig = z.strictObject({});
export type LocalConfig = z.infer<typeof LocalConfig>;

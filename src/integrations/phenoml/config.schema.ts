import { z } from 'zod';

/** Configuration of PhenoML on the server. Its secrets: `phenoml-client-id` and `phenoml-client-secret`. */
export const PhenoMlConfig = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('Address of your instance, `https://<instance>.app.pheno.ml`; absent: it is not asked.'),
  agentId: z.string().min(1).max(200).optional().describe('Agent that answers; it must exist there.'),
  timeoutMs: z.number().int().min(100).max(300_000).default(120_000).describe('Limit of one call.'),
});
export type PhenoMlConfig = z.infer<typeof PhenoMlConfig>;

import { z } from 'zod';

/** The model that is asked when none is named, and what it cost when this was written. */
const DEFAULT_MODEL = 'gpt-4.1';
const DEFAULT_PRICE = { input: 2, cachedInput: 0.5, output: 8 };

const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const price = z.number().nonnegative().max(10_000);

/** Where OpenAI itself is. */
export const OPENAI_URL = 'https://api.openai.com/v1';

/** Configuration of OpenAI, Azure OpenAI or a server that speaks as OpenAI does. Its secret: `openai-api-key`. */
export const OpenAiConfig = z
  .strictObject({
    model: z.string().min(1).max(100).default(DEFAULT_MODEL).describe('Model as the server names it; at Azure the deployment.'),
    baseUrl: url.default(OPENAI_URL).describe('Address of the API, with its version: another one for a server that speaks as OpenAI does.'),
    api: z
      .enum(['responses', 'chat'])
      .default('responses')
      .describe('Which API is spoken: `responses`, or `chat` completions for servers that have no other.'),
    azure: z
      .strictObject({
        endpoint: url.describe('Address of the resource, `https://<name>.openai.azure.com`.'),
        apiVersion: z
          .string()
          .regex(/^[A-Za-z0-9.-]{1,40}$/)
          .describe('Version of its API, such as `2025-04-01-preview`.'),
      })
      .optional()
      .describe('Azure OpenAI, instead of `baseUrl`.'),
    price: z
      .strictObject({
        input: price.describe('For a million tokens that it reads.'),
        cachedInput: price.describe('For a million that it read before.'),
        output: price.describe('For a million that it writes.'),
      })
      .optional()
      .describe(`What the model costs in US dollars; absent only for \`${DEFAULT_MODEL}\`.`),
    effort: z.enum(['minimal', 'low', 'medium', 'high']).optional().describe('How long a reasoning model thinks; absent: not said.'),
    limitField: z
      .enum(['max_completion_tokens', 'max_tokens'])
      .default('max_completion_tokens')
      .describe('How `chat` names the longest answer; older servers know `max_tokens` alone.'),
    timeoutMs: z.number().int().min(100).max(300_000).default(120_000).describe('Limit of one call.'),
  })
  .refine(({ model, price: given }) => model === DEFAULT_MODEL || given !== undefined, {
    path: ['price'],
    message: `is needed for every model but \`${DEFAULT_MODEL}\`, so that the budget counts money; all zeros for a server of your own`,
  })
  .transform((config) => ({ ...config, price: config.price ?? DEFAULT_PRICE }));
export type OpenAiConfig = z.infer<typeof OpenAiConfig>;

import { z } from 'zod';

/** One question to a model. Everything in `input` that comes from outside stands between delimiters and is redacted. */
export const ModelQuestion = z.object({
  /** What it is for; says which price and limits count. */
  purpose: z.enum(['diagnose', 'patch']),
  /** Our own words, no outside text. */
  instructions: z.string().max(20_000),
  input: z.string().max(400_000),
  /** Present: the answer must be JSON of this schema (strict: all properties required, no others). Absent: text. */
  schema: z.object({ name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), schema: z.record(z.string(), z.unknown()) }).optional(),
  maxOutputTokens: z.number().int().positive().max(64_000),
});
export type ModelQuestion = z.infer<typeof ModelQuestion>;

/** Tokens of one call; null where the vendor does not say. */
export const ModelUsage = z.object({
  inputTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
});
export type ModelUsage = z.infer<typeof ModelUsage>;

/** What a model said. Untrusted text. */
export const ModelReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string(), model: z.string().max(100), usage: ModelUsage.nullable() }),
  /** It would not answer. */
  z.object({ kind: z.literal('refused'), detail: z.string().max(500), model: z.string().max(100), usage: ModelUsage.nullable() }),
  /** Cut off: by length or by a filter of the vendor. */
  z.object({
    kind: z.literal('incomplete'),
    reason: z.enum(['length', 'filter']),
    text: z.string(),
    model: z.string().max(100),
    usage: ModelUsage.nullable(),
  }),
]);
export type ModelReply = z.infer<typeof ModelReply>;

/** An answer within an attempt, found again by the question's fingerprint (`questionFingerprint`). */
export const ModelAnswer = z.object({
  fingerprint: z.string().max(64),
  reply: z.discriminatedUnion('kind', [
    ...ModelReply.options,
    /** Nobody could be asked: not configured for it, away for too long, or the budget ended and nobody raised it. */
    z.object({ kind: z.literal('unavailable'), detail: z.string().max(500) }),
  ]),
});
export type ModelAnswer = z.infer<typeof ModelAnswer>;

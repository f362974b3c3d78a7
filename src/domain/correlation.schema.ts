import { z } from 'zod';

/** One reason to take two problems for one: what they have in common, and how far apart they may begin. */
export const CorrelationRule = z.strictObject({
  between: z
    .enum(['alert-and-code', 'alerts', 'failures'])
    .describe('`alert-and-code`: one shows in production, one in a check; `alerts`: both in production; `failures`: both in checks.'),
  by: z.enum(['service', 'commit']).describe('What both must name: the same service, or one commit that both concern.'),
  withinMinutes: z.number().int().positive().max(43_200).describe('Minutes between the first signals of both, at most.'),
});
export type CorrelationRule = z.infer<typeof CorrelationRule>;

/** What holds where a policy says nothing. The same signature is always the same problem and needs no rule. */
export const DEFAULT_CORRELATION: readonly CorrelationRule[] = [
  { between: 'alert-and-code', by: 'service', withinMinutes: 1_440 },
  { between: 'alert-and-code', by: 'commit', withinMinutes: 10_080 },
  { between: 'alerts', by: 'service', withinMinutes: 120 },
];

import { z } from 'zod';

/** Configuration of PagerDuty on the server. Its secret: `pagerduty-routing-key`; absent: nobody is paged. */
export const PagerDutyConfig = z.strictObject({
  eventsUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://events.pagerduty.com')
    .describe('Address of the Events API; `https://events.eu.pagerduty.com` for the European region.'),
  severity: z
    .enum(['critical', 'error', 'warning', 'info'])
    .default('error')
    .describe('Severity of a page for a healing that needs a person; one that asks for approval is a `warning`.'),
  pages: z
    .array(z.enum(['approval-wanted', 'reminder', 'escalation', 'hand-over']))
    .default(['escalation', 'hand-over'])
    .describe('What is worth a page.'),
  timeoutMs: z.number().int().min(100).max(25_000).default(10_000).describe('Limit of one call.'),
});
export type PagerDutyConfig = z.infer<typeof PagerDutyConfig>;

import { z } from 'zod';

const id = (first: string) => z.string().regex(new RegExp(`^[${first}][A-Z0-9]{2,20}$`));

/** A click on a button of a message, as far as it is used. The rest of the payload is Slack's to change. */
export const BlockActions = z.object({
  type: z.literal('block_actions'),
  api_app_id: id('A'),
  team: z.object({ id: id('TE') }).nullish(),
  enterprise: z.object({ id: id('TE') }).nullish(),
  user: z.object({ id: id('UW'), team_id: id('TE').optional() }),
  channel: z.object({ id: id('CGD') }),
  message: z.object({ ts: z.string().regex(/^\d{1,12}\.\d{1,9}$/) }),
  actions: z
    .array(
      z.object({
        type: z.string().max(50),
        action_id: z.string().max(255),
        action_ts: z.string().regex(/^\d{1,12}\.\d{1,9}$/),
        value: z.string().max(2_000).optional(),
      }),
    )
    .min(1)
    .max(25),
});
export type BlockActions = z.infer<typeof BlockActions>;

/** Of anything that Slack sends: its kind, and where the person can be answered. */
export const AnyPayload = z.object({ type: z.string().max(100), response_url: z.string().max(500).optional() });

/** Fields of a form-encoded body; null when it is not UTF-8. */
export function formOf(body: Uint8Array): URLSearchParams | null {
  try {
    return new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
}

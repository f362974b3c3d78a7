import { z } from 'zod';

const Channel = z.string().regex(/^[CG][A-Z0-9]{2,20}$/, 'must be the id of a channel, such as C0123456789');
const User = z.string().regex(/^[UW][A-Z0-9]{2,20}$/, 'must be the id of a user, such as U0123456789');
const Approver = z.string().regex(/^[UWS][A-Z0-9]{2,20}$/, 'must be the id of a user (U…, W…) or of a user group (S…)');
const FullName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*\/[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be owner/name');

/** Configuration of Slack on the server. Its secrets: `slack-bot-token` and `slack-signing-secret`. */
export const SlackConfig = z.strictObject({
  channel: Channel.optional().describe('Id of the channel that gets the cards; absent: only repositories named in `channels` have cards.'),
  channels: z.record(FullName, Channel).default({}).describe('Channel of single repositories, by `owner/name`.'),
  approvers: z
    .array(Approver)
    .max(200)
    .default([])
    .describe('Ids of users and user groups whose clicks count. Empty: nobody can decide from Slack.'),
  people: z
    .record(User, z.string().min(1).max(100))
    .default({})
    .describe('Login at the forge of a user, by user id: they decide under that name, so that what the policy says of it holds.'),
  teamId: z
    .string()
    .regex(/^[TE][A-Z0-9]{2,20}$/)
    .optional()
    .describe('Id of the workspace that clicks may come from; absent: no click counts.'),
  appId: z
    .string()
    .regex(/^A[A-Z0-9]{2,20}$/)
    .optional()
    .describe('Id of the app that clicks must be meant for.'),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => `${url.replace(/\/+$/, '')}/`)
    .default('https://slack.com/api/')
    .describe('Address of the Web API.'),
  hooksUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => `${url.replace(/\/+$/, '')}/`)
    .default('https://hooks.slack.com/')
    .describe('Where answers to a click go; an address elsewhere is never called.'),
  timeoutMs: z.number().int().min(100).max(10_000).default(5_000).describe('Limit of one call.'),
  groupCacheMs: z.number().int().min(0).max(3_600_000).default(60_000).describe('How long the members of a user group are remembered.'),
});
export type SlackConfig = z.infer<typeof SlackConfig>;

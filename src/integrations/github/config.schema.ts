import { z } from 'zod';

const Url = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
const Id = z.number().int().positive();

/** Configuration of GitHub on the server. Its secrets: `github-webhook`, and `github-app-key` (an App) or `github-token` (trying out). */
export const GitHubConfig = z.strictObject({
  baseUrl: Url.default('https://api.github.com').describe('REST address: `https://<host>/api/v3` for Enterprise Server.'),
  webUrl: Url.default('https://github.com').describe('Address that people use.'),
  appId: Id.optional().describe('Id of the GitHub App; absent: a fine-grained token is used.'),
  login: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]*(\[bot\])?$/)
    .max(100)
    .default('suture-healer[bot]')
    .describe('Login that Suture writes as: `<slug>[bot]` for an App, else the owner of the token.'),
  webhookUrl: Url.optional().describe('Public address of `/webhooks/github` of this ingress, where GitHub delivers.'),
  repositories: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9_.-]+$/))
    .max(1000)
    .default([])
    .describe('Repositories that the patrol walks, as `owner/name`.'),
  startLabel: z.string().min(1).max(50).default('suture').describe('An issue or pull request with this label is looked at.'),
  stopLabel: z.string().min(1).max(50).default('no-suture').describe('An issue or pull request with this label is left alone.'),
  writeSpacingMs: z.number().int().min(0).max(60_000).default(1000).describe('Pause between two writes of one installation.'),
  timeoutMs: z.number().int().min(100).max(25_000).default(20_000).describe('Limit of one call.'),
});
export type GitHubConfig = z.infer<typeof GitHubConfig>;

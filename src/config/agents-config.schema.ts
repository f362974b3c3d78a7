import { z } from 'zod';
import { AGENT_IDS } from '../domain/agent-id.ts';

/** Plain HTTP only on this machine: a token travels with every call. */
const AgentUrl = z
  .url()
  .max(500)
  .refine((text) => {
    const url = URL.parse(text);
    return url !== null && (url.protocol === 'https:' || /^(localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname));
  }, 'must be https, or http on this machine');

const place = (who: string, secret: string) =>
  z.strictObject({
    url: AgentUrl.optional().describe(`Address of ${who} that is asked over HTTP, with the secret \`${secret}\`; absent: in this process.`),
    command: z
      .array(z.string().min(1).max(1000))
      .min(1)
      .max(50)
      .optional()
      .describe(`Program and arguments of ${who} that is asked over its pipes; no shell, and none of our secrets in its environment.`),
  });
const oneOf = ({ url, command }: { readonly url?: string | undefined; readonly command?: readonly string[] | undefined }): boolean =>
  url === undefined || command === undefined;
const ONE_OF = 'either url or command';

/** Which agents are served, and where those are that Suture itself asks. */
export const AgentsConfig = z.strictObject({
  serve: z
    .array(z.enum(AGENT_IDS))
    .max(3)
    .default([])
    .describe('Agents that the ingress serves at `/mcp/<agent>`, to holders of bearer tokens.'),
  hosts: z
    .array(z.string().regex(/^[a-z0-9.-]{1,253}$/, 'must be a host name'))
    .max(20)
    .default([])
    .describe('Host names, beside those of this machine, under which they are reached.'),
  callsPerSecond: z
    .number()
    .int()
    .positive()
    .max(10_000)
    .default(20)
    .describe('Calls per second and caller that are let through; bursts of five times as many.'),
  reasoner: place('a Reasoner', 'reasoner-token')
    .extend({
      timeoutSeconds: z
        .number()
        .int()
        .positive()
        .max(240)
        .default(60)
        .describe('How long it may take for one answer; the step that asks it has five minutes.'),
    })
    .refine(oneOf, ONE_OF)
    .prefault({})
    .describe('The Reasoner that the worker asks.'),
  executor: place('an Executor', 'executor-token')
    .refine(oneOf, ONE_OF)
    .prefault({})
    .describe('The Executor in whose sandboxes the worker has jobs run; its token must be one of a maintainer there.'),
});

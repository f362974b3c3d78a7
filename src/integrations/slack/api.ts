import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { failureOf } from './answer.ts';

/** Name of the secret that opens the Web API. */
export const BOT_TOKEN = 'slack-bot-token';

/** Who we are at Slack. */
export interface Self {
  readonly userId: string;
  readonly teamId: string;
  readonly team: string;
  /** Address of the workspace. */
  readonly url: string;
  readonly scopes: readonly string[];
}

/** Slack's Web API: one call, tried once. Throws `Failure` codes `rate-limited`, `notifier-unavailable`, or a `SlackRefusal`. */
export interface SlackApi {
  /** Calls a method and reads its answer by a schema; arguments that are undefined are left out. */
  call<T>(method: string, args: Readonly<Record<string, unknown>>, schema: z.ZodType<T>): Promise<T>;
  /** Asked once for each token. */
  self(): Promise<Self>;
}

const SelfAnswer = z.object({
  user_id: z.string(),
  team_id: z.string(),
  team: z.string().default(''),
  url: z.string().default(''),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});

/** The client would write to the console by itself. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} } as never;

/** The API of one process. The token is asked for each time, so that a new one takes effect without a restart. */
export function createSlackApi(options: {
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly secret: (name: string) => readonly string[];
}): SlackApi {
  let held: { readonly token: string; readonly client: Promise<WebClient>; self: Promise<Self> | null } | null = null;

  function current(): NonNullable<typeof held> {
    const token = options.secret(BOT_TOKEN)[0];
    if (token === undefined || token === '') {
      throw new Failure('configuration-invalid', 'Slack: no bot token; set SUTURE_SECRET_SLACK_BOT_TOKEN, _FILE or _COMMAND');
    }
    if (held?.token !== token) {
      // Loaded where it is used: most processes never speak to Slack.
      const client = import('@slack/web-api').then(
        (slack) =>
          new slack.WebClient(token, {
            slackApiUrl: options.apiUrl,
            timeout: options.timeoutMs,
            retryConfig: { retries: 0 },
            rejectRateLimitedCalls: true,
            allowAbsoluteUrls: false,
            logger: SILENT,
          }),
      );
      held = { token, client, self: null };
    }
    return held;
  }

  const api: SlackApi = {
    async call(method, args, schema) {
      const client = await current().client;
      const answer = await client.apiCall(method, { ...args }).catch((error: unknown) => {
        throw failureOf(error, method);
      });
      const read = schema.safeParse(answer);
      if (!read.success) {
        const where = read.error.issues[0]?.path.join('.') ?? '';
        throw new Failure('notifier-unavailable', `Slack's answer to ${method} cannot be read: ${where}`, { cause: read.error });
      }
      return read.data;
    },
    self() {
      const mine = current();
      mine.self ??= api
        .call('auth.test', {}, SelfAnswer)
        .then(({ user_id, team_id, team, url, response_metadata }) => {
          return { userId: user_id, teamId: team_id, team, url, scopes: response_metadata?.scopes ?? [] };
        })
        .catch((error: unknown) => {
          mine.self = null;
          throw error;
        });
      return mine.self;
    },
  };
  return api;
}

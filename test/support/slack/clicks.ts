import { randomUUID } from 'node:crypto';
import { signSlack } from '../../../src/integrations/slack/signature.ts';
import type { Json } from '../github/wire.ts';

/** What Slack knows of a click. */
export interface ClickFacts {
  readonly teamId: string;
  readonly appId: string;
  readonly channel: string;
  /** The message as the channel has it. */
  readonly message: Json;
  readonly actionId: string;
  readonly user: string;
  readonly responseUrl: string;
  /** Milliseconds. */
  readonly at: number;
}

/** A request as Slack sends it. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The button of a message; throws when the message has none of that id, as nobody could click it. */
export function buttonOf(message: Json, actionId: string): Json {
  for (const block of message.blocks ?? []) {
    for (const element of block.elements ?? []) if (element.action_id === actionId) return { ...element, block_id: block.block_id ?? 'b1' };
  }
  throw new Error(`the message has no button ${actionId}`);
}

/** Payload of a click on a button of a message, in the shape of Slack's documentation of block_actions. */
export function clickPayload(facts: ClickFacts): Json {
  const { action_id, block_id, value, text, style, type } = buttonOf(facts.message, facts.actionId);
  return {
    type: 'block_actions',
    user: { id: facts.user, username: 'somebody', name: 'somebody', team_id: facts.teamId },
    api_app_id: facts.appId,
    token: 'a-verification-token-that-is-out-of-use',
    container: { type: 'message', message_ts: facts.message.ts, channel_id: facts.channel, is_ephemeral: false },
    trigger_id: `${facts.at}.${randomUUID()}`,
    team: { id: facts.teamId, domain: 'acme' },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: facts.channel, name: 'healings' },
    message: facts.message,
    state: { values: {} },
    response_url: facts.responseUrl,
    actions: [{ action_id, block_id, text, value, style, type, action_ts: (facts.at / 1000).toFixed(6) }],
  };
}

/** A form body with Slack's headers, signed for a time in milliseconds. */
export function signedForm(fields: Readonly<Record<string, string>>, secret: string, at: number): SignedRequest {
  const body = new URLSearchParams(fields).toString();
  const timestamp = String(Math.floor(at / 1000));
  return {
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signSlack(secret, timestamp, Buffer.from(body)),
    },
  };
}

import { Failure, type FailureCode } from '../../domain/failure.ts';

/** What a person must do about an error of Slack; the others are ours or pass by themselves. */
const WAYS_OUT: Readonly<Record<string, readonly [FailureCode, string]>> = {
  invalid_auth: ['not-permitted', 'the bot token is not valid; put the one of the app into SUTURE_SECRET_SLACK_BOT_TOKEN'],
  not_authed: ['not-permitted', 'the bot token is missing; set SUTURE_SECRET_SLACK_BOT_TOKEN'],
  account_inactive: ['not-permitted', 'the app was removed from the workspace; install it again'],
  token_revoked: ['not-permitted', 'the bot token was revoked; install the app again'],
  token_expired: ['not-permitted', 'the bot token has expired; install the app again'],
  missing_scope: ['not-permitted', 'a scope is missing; run `suture doctor slack`'],
  no_permission: ['not-permitted', 'the app may not do this; run `suture doctor slack`'],
  not_allowed_token_type: ['not-permitted', 'this is no bot token; it must begin with xoxb-'],
  access_denied: ['not-permitted', 'the workspace denies it; ask its administrators'],
  restricted_action: ['not-permitted', 'the workspace restricts who may post here; ask its administrators'],
  not_in_channel: ['not-permitted', 'the app is not in the channel; type /invite @Suture there'],
  edit_window_closed: ['not-permitted', 'messages may not be edited here; allow message editing in the settings of the workspace'],
  channel_not_found: ['configuration-invalid', 'there is no such channel, or the app is not in it; run `suture doctor slack`'],
  is_archived: ['configuration-invalid', 'the channel is archived; name another in integrations.slack'],
  no_such_subteam: ['configuration-invalid', 'there is no such user group; correct integrations.slack.approvers'],
  subteam_not_found: ['configuration-invalid', 'there is no such user group; correct integrations.slack.approvers'],
};

/** Slack answered, and said no: `error` is its own word for it. */
export class SlackRefusal extends Failure {
  readonly error: string;
  constructor(method: string, error: string) {
    const [code, wayOut] = WAYS_OUT[error] ?? ['bug', 'this is not expected'];
    super(code, `Slack answered ${error} to ${method}: ${wayOut}`);
    this.error = error;
  }
}

/** Runs a call and gives another value when Slack refuses it with one of these words. */
export async function unlessRefused<T, Other>(errors: readonly string[], other: Other, call: Promise<T>): Promise<T | Other> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof SlackRefusal && errors.includes(error.error)) return other;
    throw error;
  }
}

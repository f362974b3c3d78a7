import { mrkdwn } from './mrkdwn.ts';

/** A user or a user group of Slack as a mention, everybody else by name. */
export function mention(id: string): string {
  const user = /^(?:slack:)?([UW][A-Z0-9]{2,20})$/.exec(id)?.[1];
  if (user !== undefined) return `<@${user}>`;
  const group = /^(?:slack-group:)?(S[A-Z0-9]{2,20})$/.exec(id)?.[1];
  return group === undefined ? mrkdwn(id, 200) : `<!subteam^${group}>`;
}

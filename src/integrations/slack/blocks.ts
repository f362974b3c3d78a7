/** A block as it goes to Slack: its shapes are Slack's own. */
export type SlackBlock = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Slack's limits of one message, in characters and elements. */
export const LIMITS = { header: 150, text: 3_000, field: 2_000, value: 2_000, url: 3_000, blocks: 50 } as const;

/** A section of text that was escaped by who made it. Nothing in it is turned into a link. */
export function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, LIMITS.text), verbatim: true } };
}

/** A link that may stand behind a button; null for everything else. */
export function link(url: string | undefined): string | null {
  return url !== undefined && url.length <= LIMITS.url && /^https?:\/\/[^\s<>()"'`|]+$/.test(url) ? url : null;
}

/** A message as it goes to Slack. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

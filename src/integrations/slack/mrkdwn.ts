import { visibleText } from '../../lib/escape.ts';
import { oneLine } from '../../lib/one-line.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Cut to at most `max` characters, never inside an entity or half a character. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text
    .slice(0, max - 1)
    .replace(/&[a-z]{0,3}$/, '')
    .replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Outside text as one line of mrkdwn that is shown as it reads: no mention, link, channel, emoji or format is in it. Slack has no escape for its
 * marks, so those become characters that look like them; inside words, where they mean nothing, they stay.
 */
export function mrkdwn(text: string, max: number): string {
  const safe = oneLine(text, max)
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replaceAll('*', '∗')
    .replaceAll('~', '∼')
    .replaceAll('`', 'ˋ')
    .replace(/(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu, (marks) => '＿'.repeat(marks.length))
    .replace(/:(?=[a-z0-9_+'-]+:)/gi, '꞉')
    .replace(/@(?=here|channel|everyone)/gi, '＠')
    // At the beginning of a line it would be a quotation, escaped or not.
    .replace(/^(?:&gt;)+/, (marks) => '›'.repeat(marks.length / 4));
  return cut(safe, max);
}

/** Outside text for a place that Slack shows as it is. */
export function plainText(text: string, max: number): string {
  return cut(oneLine(text, max), max);
}

/** Outside text as a block of code, its lines kept; at most `max` characters, fence included. */
export function preformatted(text: string, max: number): string {
  const room = max - 8;
  const safe = visibleText(text.slice(0, room * 2))
    .replaceAll('`', 'ˋ')
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replace(/\n+$/, '');
  return `\`\`\`\n${cut(safe, room)}\n\`\`\``;
}

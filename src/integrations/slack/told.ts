import type { HandOver } from '../../domain/hand-over.schema.ts';
import type { Notice } from '../contract.ts';
import { LIMITS, link, type SlackBlock, type SlackMessage, section } from './blocks.ts';
import { mrkdwn, plainText, preformatted } from './mrkdwn.ts';
import { mention } from './people.ts';

const SIGNS: Readonly<Record<Notice['kind'], string>> = { 'approval-wanted': '🙋', reminder: '⏰', outcome: '🏁', escalation: '🆘' };

function greeting(mentioned: readonly string[]): string {
  return mentioned.length === 0 ? '' : `${mentioned.map(mention).join(' ')} `;
}

/** One line about a healing. */
export function renderNotice({ kind, text }: Notice, mentioned: readonly string[]): SlackMessage {
  const said = `${SIGNS[kind]} ${greeting(mentioned)}${mrkdwn(text, 1_000)}`;
  return { text: said, blocks: [section(said)] };
}

function list(name: string, lines: readonly string[]): readonly SlackBlock[] {
  if (lines.length === 0) return [];
  let text = `*${name}*`;
  for (const line of lines) {
    // Only whole lines: a cut one could end inside a mark.
    if (text.length + line.length + 1 > LIMITS.text) break;
    text += `\n${line}`;
  }
  return [section(text)];
}

/** Everything that somebody needs to go on by hand; `diff` is null where there is none. */
export function renderHandOver(message: HandOver, diff: string | null, mentioned: readonly string[]): SlackMessage {
  const { outcome, repo, subject } = message;
  const url = link(message.webUiUrl);
  const title = `🆘 ${plainText(message.title, LIMITS.header - 4)}`;
  const facts = [
    `${greeting(mentioned)}${mrkdwn(`${repo.owner}/${repo.name} ${subject}`, 300)} needs a person: ${mrkdwn(`${outcome.kind} (${outcome.reason})`, 120)}. ${mrkdwn(outcome.detail, 600)}`,
    ...(message.owner === undefined ? [] : [`Owner: ${mrkdwn(message.owner, 250)}`]),
    ...(message.service === undefined ? [] : [`Service: ${mrkdwn(message.service, 150)}`]),
    ...(message.branch === undefined ? [] : [`Branch: ${mrkdwn(message.branch, 300)}`]),
    ...(url === null ? [] : [`<${url}|Open in the Web UI>`]),
  ];
  return {
    text: mrkdwn(`${title} ${repo.owner}/${repo.name}: ${outcome.detail}`, 1_000),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title, emoji: false } },
      section(facts.join('\n')),
      ...message.hypotheses
        .slice(0, 5)
        .flatMap(({ text, evidence }) => list('Hypothesis', [mrkdwn(text, 600), ...evidence.map((line) => `• ${mrkdwn(line, 500)}`)])),
      ...list(
        'Tried',
        message.tried.map(({ strategy, result }) => `• ${mrkdwn(strategy, 60)}: ${mrkdwn(result, 300)}`),
      ),
      ...(message.commands.length === 0 ? [] : [section(`*To go on by hand*\n${preformatted(message.commands.join('\n'), 2_900)}`)]),
      ...(diff === null ? [] : [section(`*Last change*\n${preformatted(diff, 2_900)}`)]),
    ],
  };
}

/** What a person asked about, line by line. */
export function renderLines(text: string, max = 40): SlackMessage {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, max)
    .map((line) => mrkdwn(line, 500));
  return { text: lines[0] ?? '', blocks: list(lines[0] === undefined ? 'Nothing is known' : lines[0].replaceAll('*', ''), lines.slice(1)) };
}

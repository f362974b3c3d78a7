import type { HealingCard } from '../../domain/healing-card.ts';
import { LIMITS, link, type SlackBlock, type SlackMessage, section } from './blocks.ts';
import { buttons } from './card-buttons.ts';
import { mrkdwn, plainText } from './mrkdwn.ts';
import { mention } from './people.ts';
import { OUTCOME_WORDS, STATE_WORDS } from './words.ts';

const DECIDED = { approve: 'Approved', reject: 'Rejected', stop: 'Stopped' } as const;

function sign({ outcome, approval, decision }: HealingCard): string {
  if (outcome !== undefined) return OUTCOME_WORDS[outcome.kind][0];
  return approval === undefined || decision !== undefined ? '🩹' : '🙋';
}

function standing({ outcome, state, attempt }: HealingCard): string {
  if (outcome !== undefined) return OUTCOME_WORDS[outcome.kind][1];
  return `${STATE_WORDS[state]}${attempt > 1 ? ` (attempt ${attempt})` : ''}`;
}

function facts(card: HealingCard): SlackBlock {
  const named: ReadonlyArray<readonly [string, string | undefined]> = [
    ['Repository', `${card.repo.owner}/${card.repo.name}`],
    ['Where', card.subject],
    ['State', standing(card)],
    ['Risk', card.change?.risk],
  ];
  return {
    type: 'section',
    fields: named.flatMap(([name, value]) =>
      value === undefined ? [] : [{ type: 'mrkdwn' as const, text: `*${name}*\n${mrkdwn(value, 300)}`, verbatim: true }],
    ),
  };
}

function changeText({ change, pullRequest }: HealingCard): string | undefined {
  const url = link(pullRequest?.url);
  const request =
    pullRequest === undefined ? [] : [url === null ? `Pull request ${pullRequest.number}` : `<${url}|Pull request ${pullRequest.number}>`];
  if (change === undefined) return request[0];
  const size = change.paths.length === 0 ? '' : `, +${change.additions} −${change.deletions}`;
  const hash = change.hash === undefined ? '' : `, change ${mrkdwn(change.hash.slice(0, 12), 12)}`;
  return [
    `${mrkdwn(change.title, 300)} (by ${mrkdwn(change.strategy, 50)}${size}${hash})`,
    ...change.paths.slice(0, 10).map((path) => `• ${mrkdwn(path, 150)}`),
    ...request,
  ].join('\n');
}

function asked({ approval }: HealingCard): string | undefined {
  if (approval === undefined) return undefined;
  const who = approval.approvers.length === 0 ? 'a maintainer' : approval.approvers.slice(0, 10).map(mention).join(', ');
  return [...approval.reasons.slice(0, 10).map((reason) => `• ${mrkdwn(reason, 200)}`), `Who can decide: ${who}`].join('\n');
}

function ended({ outcome }: HealingCard): string | undefined {
  if (outcome === undefined) return undefined;
  return `${OUTCOME_WORDS[outcome.kind][1]} (${mrkdwn(outcome.reason, 60)})${outcome.detail === '' ? '' : `: ${mrkdwn(outcome.detail, 500)}`}`;
}

function causeText(card: HealingCard): string | undefined {
  if (card.cause === undefined) return undefined;
  return `${mrkdwn(card.cause, 900)}${card.class === undefined ? '' : ` (${mrkdwn(card.class, 60)})`}`;
}

/** The card of a healing as Slack's blocks; `hash` names the card. Everything from outside in it is escaped. */
export function renderCard(card: HealingCard, hash: string): SlackMessage {
  const { decision } = card;
  const told: ReadonlyArray<readonly [string, string | undefined]> = [
    ['Cause', causeText(card)],
    ['Change', changeText(card)],
    ['Proof', card.proof === undefined ? undefined : mrkdwn(card.proof, 500)],
    ['Why a person is asked', decision === undefined && card.outcome === undefined ? asked(card) : undefined],
    ['Decision', decision === undefined ? undefined : `${DECIDED[decision.verdict]} by ${mention(decision.by)}`],
    ['Outcome', ended(card)],
  ];
  const lines = card.lines.slice(0, 12).map((line) => `• ${mrkdwn(line, 220)}`);
  const actions = buttons(card, hash);
  const footer = card.outcome === undefined ? 'This card is edited as the healing goes on.' : 'This healing has ended.';
  return {
    text: mrkdwn(`${sign(card)} ${card.repo.owner}/${card.repo.name}: ${card.title}. ${standing(card)}`, 1_000),
    blocks: [
      {
        type: 'header',
        block_id: `suture.${hash}`,
        text: { type: 'plain_text', text: `${sign(card)} ${plainText(card.title, LIMITS.header - 4)}`, emoji: false },
      },
      facts(card),
      ...told.flatMap(([name, text]) => (text === undefined ? [] : [section(`*${name}*\n${text}`)])),
      ...(lines.length === 0 || card.outcome !== undefined ? [] : [section(lines.join('\n'))]),
      ...(actions.length === 0 ? [] : [{ type: 'actions', elements: actions }]),
      { type: 'context', elements: [{ type: 'plain_text', text: footer, emoji: false }] },
    ],
  };
}

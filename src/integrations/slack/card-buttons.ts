import type { HealingCard } from '../../domain/healing-card.ts';
import { link } from './blocks.ts';
import { actionId, type ButtonValue, type Command, OPEN_ACTION } from './button.ts';

const LABELS: Readonly<Record<Command, string>> = { approve: 'Approve', reject: 'Reject', explain: 'Ask', stop: 'Stop' };
const STYLES: Readonly<Partial<Record<Command, string>>> = { approve: 'primary', reject: 'danger' };

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });

/** Asked before a healing is stopped: on a phone a finger is quickly beside its aim. */
const STOP_CONFIRM = {
  title: plain('Stop this healing?'),
  text: plain('It ends now, and what it opened is taken back.'),
  confirm: plain('Stop it'),
  deny: plain('Let it go on'),
};

function button(command: Command, card: HealingCard, hash: string): object {
  const decides = command === 'approve' || command === 'reject';
  const value: ButtonValue = {
    v: 1,
    owner: card.repo.owner,
    name: card.repo.name,
    subject: card.subject,
    card: hash,
    ...(decides && card.approval !== undefined ? { changeSet: card.approval.changeSetHash } : {}),
  };
  const style = STYLES[command];
  return {
    type: 'button',
    action_id: actionId(command),
    text: plain(LABELS[command]),
    value: JSON.stringify(value),
    ...(style === undefined ? {} : { style }),
    ...(command === 'stop' ? { confirm: STOP_CONFIRM } : {}),
  };
}

/** The commands that a card offers as it stands: nothing is left to decide once somebody decided, and nothing at all once it has ended. */
export function offered(card: HealingCard): readonly Command[] {
  if (card.outcome !== undefined) return [];
  const waits = card.approval !== undefined && card.decision === undefined;
  const stopped = card.decision?.verdict === 'stop';
  return [...(waits ? (['approve', 'reject'] as const) : []), 'explain', ...(stopped ? [] : (['stop'] as const))];
}

/** The buttons of a card as Slack's elements. */
export function buttons(card: HealingCard, hash: string): readonly object[] {
  const url = link(card.webUiUrl);
  return [
    ...offered(card).map((command) => button(command, card, hash)),
    ...(url === null ? [] : [{ type: 'button', action_id: OPEN_ACTION, text: plain('Open in the Web UI'), url }]),
  ];
}

import type { HealingCard } from '../domain/healing-card.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { hearers, tellEach } from './tell.ts';

/** The card as people may see it: every text from outside is redacted and one line. */
export function redactedCard(card: HealingCard, redact: (text: string) => string): HealingCard {
  const say = (text: string, max: number): string => oneLine(redact(text), max);
  const { approval, cause, change, outcome, proof } = card;
  return {
    ...card,
    title: say(card.title, 200),
    lines: card.lines.map((line) => say(line, 300)),
    ...(cause === undefined ? {} : { cause: say(cause, 500) }),
    ...(proof === undefined ? {} : { proof: say(proof, 300) }),
    ...(change === undefined
      ? {}
      : { change: { ...change, title: say(change.title, 200), paths: change.paths.map((path) => say(path, 300)) } }),
    ...(approval === undefined ? {} : { approval: { ...approval, reasons: approval.reasons.map((reason) => say(reason, 300)) } }),
    ...(outcome === undefined ? {} : { outcome: { ...outcome, detail: say(outcome.detail, 500) } }),
  };
}

/** The card of a healing, at every notifier that has cards: posted once, then edited. */
export function cardActivities(deps: ActivityDeps): Pick<Activities, 'updateCard'> {
  return {
    async updateCard({ card, key, revision }) {
      const shown = redactedCard(card, deps.redact);
      const cards = hearers(deps, { kind: 'card' }).filter(({ notifier }) => deps.notifiers.get(notifier)?.card !== undefined);
      // There is one card for each notifier, wherever it is configured to be.
      const once = [...new Map(cards.map(({ notifier }) => [notifier, { notifier, to: [] }])).values()];
      await tellEach(deps, `${key}/card/${revision}`, once, async (notifier) => notifier.card?.(shown, key));
    },
  };
}

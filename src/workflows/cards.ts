import type { HealingCard } from '../domain/healing-card.ts';
import type { HealingView } from '../domain/healing-view.ts';
import { act } from './activity-options.ts';
import { oneLine } from './plain.ts';
import type { Telling } from './telling.ts';

/** What a proof says to people who decide; the only verdict that is ever asked about. */
export const PROVEN = 'The check fails without the repair, before and after, passes twice with it, and nothing else fails newly.';

/** The card of a healing from what it shows; `asking`: a person is asked right now. */
export function cardOf(
  view: HealingView,
  extra: { readonly since: string; readonly lines: readonly string[]; readonly asking: boolean; readonly webUiUrl?: string | undefined },
): HealingCard {
  const { approval, cause, decision, outcome, proof, pullRequest, repair } = view;
  return {
    healingId: view.healingId,
    repo: view.repo,
    subject: view.subject,
    since: extra.since,
    state: view.state,
    attempt: view.attempt,
    title: oneLine(view.title, 200),
    lines: extra.lines.slice(0, 10).map((line) => oneLine(line, 300)),
    ...(cause === undefined ? {} : { cause: oneLine(cause, 500) }),
    ...(view.class === undefined ? {} : { class: view.class }),
    ...(proof === undefined ? {} : { proof }),
    ...(repair === undefined ? {} : { change: repair }),
    ...(pullRequest === undefined ? {} : { pullRequest: { number: pullRequest.number, url: pullRequest.url } }),
    ...(approval === undefined || !extra.asking
      ? {}
      : {
          approval: {
            changeSetHash: approval.changeSetHash,
            approvers: [...approval.approvers, ...(approval.delegates ?? [])],
            reasons: approval.reasons,
            ...(approval.until === undefined ? {} : { until: approval.until }),
          },
        }),
    ...(decision === undefined ? {} : { decision }),
    ...(outcome === undefined ? {} : { outcome: { ...outcome, detail: oneLine(outcome.detail, 500) } }),
    ...(extra.webUiUrl === undefined ? {} : { webUiUrl: extra.webUiUrl }),
  };
}

/** The one card of a healing: the newest state is shown beside the story, states in between are left out, and nothing is sent when nothing changed. */
export class CardBoard {
  readonly #key: string;
  readonly #telling: Telling;
  readonly #failed: () => void;
  #sent = '';
  #next: HealingCard | null = null;
  #revision: number;
  #busy = false;

  /** `failed` notes that a card could not be shown; `revision`: of the card that an earlier run showed last. */
  constructor(key: string, telling: Telling, failed: () => void, revision = 0) {
    this.#revision = revision;
    this.#key = key;
    this.#telling = telling;
    this.#failed = failed;
  }

  /** Revision of the card that was shown last. */
  get revision(): number {
    return this.#revision;
  }

  /** Shows this state, unless it is shown already. */
  show(card: HealingCard): void {
    const text = JSON.stringify(card);
    if (text === this.#sent) return;
    this.#sent = text;
    this.#next = card;
    if (this.#busy) return;
    this.#busy = true;
    this.#telling.tell('the card', () => this.#send());
  }

  async #send(): Promise<void> {
    // Everything that one step of the story changes goes together.
    await Promise.resolve();
    for (let card = this.#next; card !== null; card = this.#next) {
      this.#next = null;
      this.#revision += 1;
      try {
        await act('updateCard', `show where it stands: ${card.state}`, { card, key: this.#key, revision: this.#revision });
      } catch {
        this.#failed();
        // The same state may be sent again.
        this.#sent = '';
      }
    }
    this.#busy = false;
  }
}

import type { Addressee } from './approval-ladder.ts';
import type { OutcomeKind } from './outcome.ts';

/** Everything that people can be told. */
export const NOTICE_KINDS = ['approval-wanted', 'reminder', 'outcome', 'escalation', 'hand-over', 'card'] as const;
/** One kind of it. */
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** One rule of the server's ladder: who hears what, and when. */
export interface NotifyRule {
  readonly kinds: readonly NoticeKind[];
  /** Id of the integration that tells. */
  readonly notifier: string;
  /** In that notifier's own words; empty: as it is configured. */
  readonly to: readonly string[];
  /** Of reminders, only this one and later ones; from 1. */
  readonly fromReminder?: number | undefined;
  /** Of outcomes, only these. */
  readonly outcomes?: readonly OutcomeKind[] | undefined;
}

/** What there is to tell. */
export interface Tellable {
  readonly kind: NoticeKind;
  readonly reminder?: number | undefined;
  readonly outcome?: string | undefined;
}

function applies(rule: NotifyRule, { kind, reminder, outcome }: Tellable): boolean {
  if (!rule.kinds.includes(kind)) return false;
  if (kind === 'reminder' && (reminder ?? 1) < (rule.fromReminder ?? 1)) return false;
  return kind !== 'outcome' || rule.outcomes === undefined || (rule.outcomes as readonly string[]).includes(outcome ?? '');
}

const nameOf = ({ notifier, to }: Addressee): string => JSON.stringify([notifier, [...to].sort()]);

/** Who hears this: by the rules, or every notifier where there are none. Nobody is named twice; a rule for a notifier that is not there is left out. */
export function audience(rules: readonly NotifyRule[], notifiers: Iterable<string>, told: Tellable): readonly Addressee[] {
  const known = new Set(notifiers);
  if (rules.length === 0) return [...known].map((notifier) => ({ notifier, to: [] }));
  const found = rules.filter((rule) => known.has(rule.notifier) && applies(rule, told)).map(({ notifier, to }) => ({ notifier, to }));
  return [...new Map(found.map((each) => [nameOf(each), each])).values()];
}

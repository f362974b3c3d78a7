import type { HealingState } from '../healing-state.ts';
import type { Outcome } from '../outcome.ts';
import type { Signal } from '../signal.schema.ts';

/** What a late signal means for a running healing. */
export type Course =
  | { readonly kind: 'continue'; readonly note: string }
  | { readonly kind: 'renormalize'; readonly note: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** States in which nothing was published yet, so that a change of course costs nothing. */
const BEFORE_PUBLISHING: readonly HealingState[] = [
  'received',
  'normalizing',
  'admitting',
  'waiting-for-slot',
  'correlating',
  'reasoning',
  'reproducing',
  'proving',
  'awaiting-approval',
];

const go = (note: string): Course => ({ kind: 'continue', note });

/** Judge one late signal by its kind and the facts of the healing, never by its text. */
export function judgeSignal(input: {
  readonly subject: string;
  readonly state: HealingState;
  readonly incident: {
    readonly headSha: string;
    readonly kind: 'code' | 'alert';
    readonly command: string;
    /** The problem is on the default branch, too, so what becomes of the subject does not end it. */
    readonly landsElsewhere?: boolean;
  } | null;
  readonly change: { readonly number: number; readonly headSha: string; readonly branch: string } | null;
  readonly signal: Signal;
  /** An alert stands that nothing in the repository explains. */
  readonly alert?: boolean;
  /** The failing check passed at the head of the branch, without the repair. */
  readonly greenAgain?: boolean;
}): Course {
  const { signal, incident, change, state } = input;
  const early = BEFORE_PUBLISHING.includes(state);
  const own = signal.facts['own'] === 'true' || (change !== null && signal.facts['number'] === String(change.number));
  const byPerson = signal.actor.trust !== 'system' && !signal.actor.id.startsWith('suture');
  switch (signal.kind) {
    case 'change-closed':
      if (own)
        return byPerson
          ? { kind: 'end', outcome: { kind: 'rejected', reason: 'person-said-no', detail: `${signal.actor.id} closed the pull request` } }
          : go('our own pull request was closed by us');
      if (incident?.landsElsewhere === true) return go('the pull request was closed; the default branch has the problem, too');
      return {
        kind: 'end',
        outcome: { kind: 'superseded', reason: 'change-closed', detail: `the pull request was closed by ${signal.actor.id}` },
      };
    case 'head-moved':
      if (own) {
        return change !== null && signal.sha !== undefined && signal.sha !== change.headSha && byPerson
          ? {
              kind: 'end',
              outcome: { kind: 'superseded', reason: 'head-moved', detail: `${signal.actor.id} took over the branch of the fix` },
            }
          : go('our own branch');
      }
      if (incident !== null && signal.sha === incident.headSha) return go('the head that is being healed');
      // Merging a repair into the branch of a pull request moves its head.
      if (!byPerson) return go('moved by Suture itself');
      if (incident?.landsElsewhere === true) return go('the head moved; the default branch has the problem, too');
      return {
        kind: 'end',
        outcome: { kind: 'superseded', reason: 'head-moved', detail: 'the head moved; a failure on the new head starts again' },
      };
    case 'commanded':
      return go('a command is obeyed by a workflow of its own');
    case 'check-passed':
      if (own) return go('a check of the fix passed');
      if (input.greenAgain) {
        const detail = `the failing check passes again at ${signal.sha?.slice(0, 10) ?? 'the head'}: somebody was faster`;
        return { kind: 'end', outcome: { kind: 'recovered-alone', reason: 'green-by-itself', detail } };
      }
      if (!early || incident === null || incident.kind !== 'code') return go('a check passed');
      if (signal.facts['check'] !== undefined && signal.facts['check'] !== incident.command) return go('another check passed');
      if (signal.sha !== undefined && signal.sha !== incident.headSha) return go('a check passed on another commit');
      return {
        kind: 'end',
        outcome: { kind: 'recovered-alone', reason: 'green-by-itself', detail: 'the failing check turned green by itself' },
      };
    case 'alert-recovered':
      // Without an incident an alert is all there is, and nothing was done to production yet.
      if (early && (incident?.kind === 'alert' || (incident === null && input.alert === true)))
        return { kind: 'end', outcome: { kind: 'recovered-alone', reason: 'alert-recovered', detail: 'the alert recovered by itself' } };
      return go('the alert recovered');
    case 'check-failed':
      if (own) return go('a check of the fix failed');
      return early ? { kind: 'renormalize', note: 'another check failed' } : go('a repeat');
    case 'alert-triggered':
      return early ? { kind: 'renormalize', note: 'production shows it too' } : go('a repeat of the alert');
    case 'change-merged':
      return go(own ? 'the fix was merged' : 'the pull request was merged');
    case 'deployment-finished':
      return go('a deployment finished');
    case 'requested':
    case 'patrol-found':
      return go('asked for again');
  }
}

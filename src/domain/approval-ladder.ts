import type { HealingTimings } from './settings.ts';

/** Whom a rung tells, in the words of one notifier. */
export interface Addressee {
  /** Id of the integration that tells. */
  readonly notifier: string;
  /** Addresses, channels, user groups; empty: as that notifier is configured. */
  readonly to: readonly string[];
}

/** One step up: after this time without a decision more people may decide, and are told. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly approvers: readonly string[];
  readonly tell: readonly Addressee[];
}

/** What a policy says about waiting for a person; what is absent is the server's. */
export interface ApprovalRules {
  readonly remindEveryMs?: number;
  readonly reminders?: number;
  readonly expireAfterMs?: number;
  /** Earliest first. */
  readonly escalate: readonly EscalationStep[];
}

/** One thing that happens while nobody decides, so many milliseconds after the question. */
export type Rung =
  | { readonly kind: 'remind'; readonly atMs: number; readonly number: number; readonly of: number }
  | { readonly kind: 'escalate'; readonly atMs: number; readonly number: number; readonly step: EscalationStep }
  | { readonly kind: 'expire'; readonly atMs: number };

const ORDER: Readonly<Record<Rung['kind'], number>> = { escalate: 0, remind: 1, expire: 2 };

/**
 * The ladder of one question, in order; the last rung is always its expiry. Without a time of its own it expires one reminder's pause after
 * the last reminder or the last escalation, whichever is later, so that everybody who was asked has had time to answer.
 */
export function approvalLadder(
  timings: Pick<HealingTimings, 'approvalReminderMs' | 'approvalReminders'>,
  rules: ApprovalRules = { escalate: [] },
): readonly Rung[] {
  const pause = rules.remindEveryMs ?? timings.approvalReminderMs;
  const reminders = rules.reminders ?? timings.approvalReminders;
  const lastStep = Math.max(0, ...rules.escalate.map((step) => step.afterMs));
  const expires = rules.expireAfterMs ?? Math.max(pause * reminders, lastStep) + pause;
  const within = Array.from({ length: reminders }, (_, index) => pause * (index + 1)).filter((atMs) => atMs < expires);
  const rungs: Rung[] = [
    ...within.map((atMs, index) => ({ kind: 'remind' as const, atMs, number: index + 1, of: within.length })),
    ...rules.escalate
      .filter((step) => step.afterMs < expires)
      .map((step, index) => ({ kind: 'escalate' as const, atMs: step.afterMs, number: index + 1, step })),
    { kind: 'expire', atMs: expires },
  ];
  return rungs.sort((one, other) => one.atMs - other.atMs || ORDER[one.kind] - ORDER[other.kind]);
}

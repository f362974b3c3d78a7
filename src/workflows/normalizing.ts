import type { AlertSummary, IncidentSummary, Normalized } from '../activities/contract.ts';
import type { Outcome, OutcomeKind, ReasonCode } from '../domain/outcome.ts';
import { act } from './activity-options.ts';
import type { HealingRecord } from './healing-record.ts';
import { withinBudget } from './signals-inbox.ts';

/** Characters of signals handed to one activity: evidence is named by them and read elsewhere. */
export const SIGNALS_BUDGET = 5_000;

/** Fresh evidence: nothing that matters changed, the work must start again, or the healing ends. */
export type Refreshed = { readonly kind: 'same' } | { readonly kind: 'changed' } | { readonly kind: 'end'; readonly outcome: Outcome };

const KIND_OF_NO_PROBLEM: Readonly<Partial<Record<ReasonCode, OutcomeKind>>> = {
  'already-green': 'recovered-alone',
  'green-by-itself': 'recovered-alone',
  'alert-recovered': 'recovered-alone',
  'head-moved': 'superseded',
  'change-closed': 'superseded',
};

function read(record: HealingRecord, summary: string): Promise<Normalized> {
  return act('normalize', summary, {
    healingId: record.id,
    repo: record.input.repo,
    subject: record.input.subject,
    signals: withinBudget(record.inbox.signals, SIGNALS_BUDGET),
    settings: record.input.settings,
    ...(record.input.request ? { request: record.input.request } : {}),
  });
}

function noProblem(reason: ReasonCode, detail: string): Outcome {
  return { kind: KIND_OF_NO_PROBLEM[reason] ?? 'abstained', reason, detail };
}

function take(record: HealingRecord, incident: IncidentSummary): void {
  record.incident = incident;
  record.title = incident.title;
  record.note(`${incident.command} fails at ${incident.headSha.slice(0, 10)}${incident.logMissing ? '; no log of it can be read' : ''}`);
  record.audit('incident', {
    signature: incident.signature,
    head: incident.headSha,
    command: incident.command,
    autonomy: incident.autonomy,
  });
}

/** Reads the evidence for the first time. */
export async function normalize(record: HealingRecord): Promise<
  | { readonly kind: 'incident'; readonly incident: IncidentSummary }
  | { readonly kind: 'end'; readonly outcome: Outcome }
  /** `outcome` is what it comes to where nothing explains it. */
  | { readonly kind: 'unexplained'; readonly alert: AlertSummary; readonly outcome: Outcome }
> {
  record.move('normalizing', `Reads the evidence of ${record.inbox.total} signals`);
  record.inbox.drain();
  const normalized = await read(record, 'read the evidence');
  switch (normalized.kind) {
    case 'incident':
      take(record, normalized.incident);
      return normalized;
    case 'no-problem':
      return { kind: 'end', outcome: noProblem(normalized.reason, normalized.detail) };
    case 'cannot': {
      const { alert, reason, detail } = normalized;
      record.title = normalized.title;
      record.alert = alert ?? null;
      const outcome: Outcome = { kind: 'escalated', reason, detail };
      return alert === undefined ? { kind: 'end', outcome } : { kind: 'unexplained', alert, outcome };
    }
  }
}

/** Reads what is still broken after a fix that changed nothing; what was published is done with. An outcome when nothing is left that can be healed. */
export async function normalizeAfterFix(record: HealingRecord, detail: string): Promise<Outcome | null> {
  record.change = null;
  record.mergeSha = null;
  const normalized = await read(record, 'read what is still broken');
  if (normalized.kind === 'incident') {
    take(record, normalized.incident);
    return null;
  }
  return { kind: 'escalated', reason: 'still-failing-after-deploy', detail: `${detail}. ${normalized.detail}`.slice(0, 500) };
}

/** Reads it again because evidence joined or the head moved. */
export async function normalizeAgain(record: HealingRecord): Promise<Refreshed> {
  const before = record.incident;
  const normalized = await read(record, 'read the evidence again');
  switch (normalized.kind) {
    case 'incident': {
      const { incident } = normalized;
      const same =
        before !== null &&
        before.headSha === incident.headSha &&
        before.command === incident.command &&
        before.untrusted === incident.untrusted;
      if (record.change !== null && !same) {
        record.note('Fresh evidence is about another failure; the published change goes its way.');
        return { kind: 'same' };
      }
      take(record, incident);
      return { kind: same ? 'same' : 'changed' };
    }
    case 'no-problem':
      if (record.change !== null) return { kind: 'same' };
      return { kind: 'end', outcome: noProblem(normalized.reason, normalized.detail) };
    case 'cannot':
      record.note(`Fresh evidence could not be used: ${normalized.detail}`);
      return { kind: 'same' };
  }
}

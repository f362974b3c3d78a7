import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { canMove } from '../domain/healing-state.ts';
import type { Outcome } from '../domain/outcome.ts';
import { proposalInWords } from '../domain/proposal-in-words.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import type { Admission } from './admission.ts';
import type { AuditFacts } from './audit-log.ts';
import type { HealingRecord } from './healing-record.ts';
import { SIGNALS_BUDGET } from './normalizing.ts';
import { plain } from './plain.ts';
import { isEvidence, withinBudget } from './signals-inbox.ts';
import type { UndoStack } from './undo.ts';
import { horizons, Watch, type WatchState } from './watching.ts';

/** Finishes with an outcome: takes back, hands over, tells, frees the slot. Cannot be cancelled. */
export async function end(record: HealingRecord, admission: Admission, undo: UndoStack, outcome: Outcome): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    record.outcome = outcome;
    record.note(`${outcome.kind} (${outcome.reason}): ${outcome.detail}`);
    record.audit('outcome', { kind: outcome.kind, reason: outcome.reason, attempts: record.attemptsBegun, ...caseFacts(record) });
    const leftBehind = await undo.run(record, outcome);
    const { dryRun } = record.input.settings;
    const people = outcome.kind === 'escalated' || outcome.kind === 'expired' || leftBehind.length > 0;
    if (people && !dryRun) handOver(record, outcome, leftBehind);
    record.move('ending', 'Writes the end down');
    if (record.claimed || people) {
      await record.claim([
        outcome.detail,
        ...record.proposals.map(proposalInWords),
        ...(record.change ? [`Pull request #${record.change.number}: ${record.change.url}`] : []),
      ]);
      if (!dryRun && !people) {
        const text = `${outcome.kind} (${outcome.reason}): ${record.title}. ${outcome.detail}`;
        record.tell('the outcome', () =>
          act('notify', `tell the outcome: ${outcome.kind}`, {
            key: `${record.key}/outcome`,
            healingId: record.id,
            kind: 'outcome',
            text: plain(text, 500),
            outcome: outcome.kind,
          }),
        );
      }
    }
    record.step('ended', `${outcome.kind} (${outcome.reason}): ${outcome.detail}`, { outcome });
    record.progress.measure(tagsOf(record, outcome), record.attemptsBegun);
    await admission.release(outcome, horizons(record, outcome).at(-1));
  });
}

/** What a back-test needs to tell this healing again: the evidence by reference, and what was made of it. */
function caseFacts({ incident, diagnosis, plan, changeSet }: HealingRecord): AuditFacts {
  if (incident === null) return {};
  return {
    incident: incident.kind,
    dossier: incident.dossier.sha256,
    dossierSize: incident.dossier.size,
    class: diagnosis?.class ?? null,
    strategy: plan?.strategy ?? null,
    change: changeSet?.hash ?? null,
  };
}

function tagsOf(record: HealingRecord, outcome: Outcome): Readonly<Record<string, string>> {
  const { repo } = record.input;
  const { incident, diagnosis, plan } = record;
  return {
    outcome: outcome.kind,
    reason: outcome.reason,
    class: diagnosis?.class ?? 'none',
    strategy: plan?.strategy ?? 'none',
    repository: `${repo.owner}/${repo.name}`,
    ...(incident?.service === undefined ? {} : { service: incident.service }),
  };
}

function handOver(record: HealingRecord, outcome: Outcome, leftBehind: readonly string[]): void {
  if (canMove(record.state, 'escalating')) record.move('escalating', 'Hands over to people');
  const left = leftBehind.length > 0 ? ` Could not be taken back: ${leftBehind.join(', ')}.` : '';
  record.tell('the hand-over', () =>
    act('escalate', `hand over to people: ${outcome.reason}`, {
      key: `${record.key}/escalate`,
      healingId: record.id,
      repo: record.input.repo,
      subject: record.input.subject,
      outcome: { ...outcome, detail: `${outcome.detail}${left}`.slice(0, 500) },
      incident: record.incident,
      diagnosis: record.diagnosis,
      tried: record.tried,
      refusals: record.refusals,
      changeSet: record.changeSet,
      change: record.change,
      ...(record.proposals.length === 0 ? {} : { proposals: record.proposals }),
      ...(record.input.webUiUrl === undefined ? {} : { webUiUrl: record.input.webUiUrl }),
    }),
  );
}

/** What goes on after the end of a healing. */
export type Afterwards =
  /** It watches production, and goes on doing so in a new run. */
  | { readonly kind: 'watches-on'; readonly watch: Watch }
  | {
      readonly kind: 'closed';
      /** What must not be lost with it: a failure of a head that it never saw, or what shows that its problem is back. Ask once, at the very last. */
      readonly late: () => readonly Signal[];
      /** Production that was well after the fix was watched: an alert among what is late opens the same case again. */
      readonly watched: boolean;
    };

/** Stays open to absorb repeats and to look at production again, then closes. `carried`: an earlier run of it watched already. */
export async function cool(record: HealingRecord, outcome: Outcome, cancelled: boolean, carried?: WatchState): Promise<Afterwards> {
  const mergedInto = outcome.kind === 'merged-into';
  let watch = carried === undefined ? null : new Watch(record, carried);
  let late: readonly Signal[] = [];
  try {
    if (watch === null && !cancelled && staysOpen(record, outcome)) {
      const { cooldownMs } = record.input.settings.timings;
      if (cooldownMs > 0) {
        record.move('cooling', 'Absorbs repeats of the same problem');
        await sleep(cooldownMs, { summary: 'stays open and absorbs repeats' });
      }
      late = lateEvidence(record, false);
      if (late.length === 0 && horizons(record, outcome).length > 0) {
        record.move('watching', 'Production is looked at again later');
        watch = Watch.begin(record, outcome);
      }
    }
    if (watch !== null) {
      const seen = await watch.look();
      if (seen === 'goes-on') return { kind: 'watches-on', watch };
      late = [...late, ...seen];
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  record.move('closed', record.inbox.repeats > 0 ? `Closed; ${record.inbox.repeats} repeats were absorbed` : 'Closed');
  await CancellationScope.nonCancellable(() => auditsWritten(record));
  return {
    kind: 'closed',
    late: () => withinBudget([...late, ...(watch?.news() ?? lateEvidence(record, mergedInto))], SIGNALS_BUDGET),
    watched: watch !== null,
  };
}

/** A merged healing must not swallow evidence of its primary, a superseded one not the failure of the new head; a person who asked may ask again at once. */
function staysOpen({ input }: HealingRecord, outcome: Outcome): boolean {
  return outcome.kind !== 'merged-into' && outcome.kind !== 'superseded' && input.request === undefined && !input.settings.dryRun;
}

/** Waits for the audit trail; a gap in it is told. */
async function auditsWritten(record: HealingRecord): Promise<void> {
  try {
    await record.auditsWritten();
  } catch {
    record.forgetAuditFailure();
    await record.tolerate(
      'the missing audit entries',
      act('notify', 'say that the audit trail has a gap', {
        key: `${record.key}/audit-gap`,
        healingId: record.id,
        kind: 'outcome',
        text: 'The audit trail could not be written to the end.',
      }),
    );
  }
}

function lateEvidence(record: HealingRecord, anyHead: boolean): readonly Signal[] {
  const seen = new Set([record.incident?.headSha, record.mergeSha, record.change?.headSha, record.incident?.lastGreenSha]);
  const late = record.inbox.drain();
  for (const signal of record.inbox.signals) if (!late.includes(signal)) seen.add(signal.sha);
  return late.filter((signal) => isEvidence(signal) && (anyHead || (signal.sha !== undefined && !seen.has(signal.sha))));
}

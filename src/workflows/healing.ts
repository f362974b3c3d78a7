import { allHandlersFinished, CancellationScope, condition, continueAsNew, sleep } from '@temporalio/workflow';
import type { HealingResult } from '../domain/healing-result.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { HealingInput } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act, loseWorkersAfter } from './activity-options.ts';
import { Admission } from './admission.ts';
import { ApprovalDesk } from './approval.ts';
import { Attempts } from './attempts.ts';
import { withinBudget } from './budgeting.ts';
import { Control } from './control.ts';
import { cool, end } from './ending.ts';
import { HealingRecord } from './healing-record.ts';
import { listen } from './listening.ts';
import { normalize, normalizeAfterFix } from './normalizing.ts';
import { oneLine } from './plain.ts';
import { watchProduction } from './production.ts';
import { publish } from './publish.ts';
import { UndoStack } from './undo.ts';
import { explain } from './unexplained-alert.ts';
import type { WatchState } from './watching.ts';

/** One incident from its first signal to its outcome; id `heal/<owner>/<repo>/<subject>`. Always completes with an outcome and its reason. `watched`: it goes on watching production where its run before left off. */
export async function HealingWorkflow(input: HealingInput, watched?: WatchState): Promise<HealingResult> {
  loseWorkersAfter(input.settings.timings.workerLostMs);
  const record = new HealingRecord(input, watched?.record);
  const control = new Control(record);
  const admission = new Admission(record);
  const desk = new ApprovalDesk(record, watched?.decision);
  const undo = new UndoStack();
  const workflow = CancellationScope.current();
  listen(record, control, admission, desk);
  for (const signal of input.carried ?? []) record.inbox.accept(signal);

  let { outcome } = record;
  if (outcome === null) {
    outcome = await control.run(() => heal(record, control, admission, desk, undo));
    await end(record, admission, undo, outcome);
  }
  const afterwards = await cool(record, outcome, workflow.consideredCancelled, watched);
  if (afterwards.kind === 'watches-on') {
    const { carried: _signals, reopened: _tried, ...rest } = input;
    return await continueAsNew<typeof HealingWorkflow>(rest, afterwards.watch.handOver(desk.decision));
  }
  await CancellationScope.nonCancellable(() => record.told());
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  // Nothing is awaited after this: what arrives from here on comes to the next run.
  const late = afterwards.late();
  if (late.length > 0 && !workflow.consideredCancelled) {
    const reopened = afterwards.watched && late.some((signal) => signal.kind === 'alert-triggered');
    await continueAsNew<typeof HealingWorkflow>(nextCase(record, late, reopened));
  }
  return record.result(outcome);
}

/** Plans that a case remembers when it begins again. */
const REMEMBERED = 10;

/** What the next run starts with; a case that begins again knows what was tried, what had worked included. */
function nextCase({ input, tried, plan }: HealingRecord, carried: readonly Signal[], reopened: boolean): HealingInput {
  const { reopened: _, ...rest } = input;
  if (!reopened) return { ...rest, carried };
  const last =
    plan === null
      ? []
      : [{ strategy: plan.strategy, planTitle: plan.title, fingerprint: plan.fingerprint, result: 'healed, and the problem came back' }];
  return { ...rest, carried, reopened: { tried: [...tried, ...last].slice(-REMEMBERED) } };
}

/** The story, top to bottom. */
async function heal(record: HealingRecord, control: Control, admission: Admission, desk: ApprovalDesk, undo: UndoStack): Promise<Outcome> {
  const { settings } = record.input;
  if (settings.timings.gatherMs > 0) await sleep(settings.timings.gatherMs, { summary: 'collect signals of the same problem' });

  const found = await normalize(record);
  if (found.kind === 'end') return found.outcome;
  if (found.kind === 'unexplained') {
    const explained = await explain(record, control, admission, desk, found.alert, found.outcome);
    if (explained.kind === 'end') return explained.outcome;
  }
  const { autonomy, command } = record.currentIncident;
  if (autonomy === 'observe') {
    await record.claim([record.title]);
    return { kind: 'escalated', reason: 'diagnosed-only', detail: `Autonomy is observe. ${command} fails.`.slice(0, 500) };
  }

  const admitted = await admission.obtain(control);
  if (admitted.kind === 'end') return admitted.outcome;
  await control.safePoint();
  await record.claim([`On it: ${record.title}`]);
  record.step('started', `On it: ${admitted.attemptsUsed === 0 ? 'a new failure' : `${admitted.attemptsUsed} attempts before`}`);

  const attempts = new Attempts(record, control, desk, admitted.attemptsUsed);
  for (;;) {
    const proven = await attempts.untilProven();
    if (proven.kind === 'end') return proven.outcome;
    const { verdict } = proven;
    if (settings.dryRun)
      return { kind: 'healed', reason: 'dry-run', detail: `Proven and left unwritten: ${record.plan?.title ?? ''}`.slice(0, 500) };
    if (verdict.autonomy === 'observe' || verdict.autonomy === 'diagnose') {
      return { kind: 'escalated', reason: 'diagnosed-only', detail: `Proven, but autonomy for this change is ${verdict.autonomy}.` };
    }

    if (verdict.decision === 'ask') {
      const answer = await control.restartable(() =>
        desk.wait(
          control,
          verdict.reasons.map((reason) => reason.detail),
        ),
      );
      if (answer === 'restart' || answer.kind === 'changed') {
        const outcome = attempts.again('The ground moved while a person was asked; what was proven no longer counts.');
        if (outcome) return outcome;
        continue;
      }
      if (answer.kind === 'end') return answer.outcome;
    }

    const reserved = await withinBudget(record, control, desk, (raised) =>
      act('reserveBudget', 'is there room for a pull request', {
        key: `${record.key}/pull-request/${record.changeSet?.hash ?? record.turn}`,
        healingId: record.id,
        dossier: record.currentIncident.dossier,
        what: 'pull-request',
        raised,
      }),
    );
    if (reserved.kind === 'changed') {
      const outcome = attempts.again('The ground moved while a person was asked; what was proven no longer counts.');
      if (outcome) return outcome;
      continue;
    }
    if (reserved.kind === 'refused') return { kind: 'escalated', reason: 'budget-used', detail: oneLine(reserved.detail, 500) };
    if (reserved.kind === 'end') return reserved.outcome;

    const published = await publish(record, control, undo, verdict);
    if (published.kind === 'end') return published.outcome;
    if (published.kind === 'merged') {
      const watched = await watchProduction(record, control, desk, verdict, published.sha);
      if (watched.kind === 'end') return watched.outcome;
      const outcome = attempts.learn(watched.detail) ?? (await normalizeAfterFix(record, watched.detail));
      if (outcome) return outcome;
      continue;
    }
    const outcome = attempts.spend(`The change could not be written: ${published.detail}`);
    if (outcome) return outcome;
    control.wantFresh();
  }
}

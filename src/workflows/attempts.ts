import type { PlanSummary, TriedPlan } from '../activities/contract.ts';
import type { Outcome, ReasonCode } from '../domain/outcome.ts';
import type { RunFacts } from '../domain/proof.schema.ts';
import type { Verdict } from '../domain/verdict.schema.ts';
import { actAsPlanned } from './acting.ts';
import { act } from './activity-options.ts';
import type { ApprovalDesk } from './approval.ts';
import type { AttemptEnd } from './attempt-end.ts';
import { tried } from './attempt-end.ts';
import { withinBudget } from './budgeting.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { type Proving, proveOnce } from './proving.ts';
import { Reasoning } from './reasoning.ts';
import type { Reproducing } from './reproducing.ts';
import { cameAndWent, reproduce, runItAgain } from './reproducing.ts';
import { setupOf } from './setup-of.ts';

/** How often a healing starts over because the ground moved before it leaves the field to a new one. */
const RESTARTS = 10;

/** A change that is proven, with the verdict on it. */
export type Attempted = { readonly kind: 'proven'; readonly verdict: Verdict } | { readonly kind: 'end'; readonly outcome: Outcome };

/** Attempts on one incident: healing attempts are workflow state, never activity retries. */
export class Attempts {
  readonly #record: HealingRecord;
  readonly #control: Control;
  readonly #desk: ApprovalDesk;
  #used: number;
  #restarts = 0;
  /** Plans of this healing that were not good enough. */
  readonly #failed: { readonly reason: ReasonCode; readonly plan: TriedPlan | undefined }[] = [];

  constructor(record: HealingRecord, control: Control, desk: ApprovalDesk, usedBefore: number) {
    this.#record = record;
    this.#control = control;
    this.#desk = desk;
    this.#used = usedBefore;
  }

  /** Tries until a change is proven and may be published, or the attempts are used. */
  async untilProven(): Promise<Attempted> {
    const record = this.#record;
    for (;;) {
      const fresh = await this.#control.refresh();
      if (fresh.kind === 'end') return fresh;
      const cap = Math.min(record.currentIncident.attempts, record.input.settings.caps.attempts);
      if (this.#used >= cap) return { kind: 'end', outcome: this.#usedUp(cap) };
      await this.#control.safePoint();
      record.turn += 1;
      record.attempt = this.#used + 1;
      record.attemptsBegun += 1;
      record.plan = null;
      record.changeSet = null;
      record.proof = null;
      record.approval = null;
      record.decision = null;
      record.move('reasoning', `Attempt ${record.attempt} of ${cap}`);
      const failed = (reason: ReasonCode) => this.#failed.push({ reason, plan: record.tried.at(-1) });
      const ended = await this.#control.restartable(() => attempt(record, this.#control, this.#desk, failed));
      if (ended === 'restart' || ended.kind === 'restart') {
        const outcome = this.again('The ground moved; the attempt starts over and does not count.');
        if (outcome) return { kind: 'end', outcome };
        continue;
      }
      if (ended.kind === 'none') return { kind: 'end', outcome: this.#nothingLeft() };
      if (ended.kind !== 'next') return ended;
      this.#used += 1;
      failed(ended.reason);
    }
  }

  /** Starts over because the ground moved: the attempt does not count. An outcome when that happened too often. */
  again(note: string): Outcome | null {
    this.#record.attemptsBegun -= 1;
    return this.#startOver(note);
  }

  /** Starts over because the change could not be written: the attempt counts. An outcome when that happened too often. */
  spend(note: string): Outcome | null {
    this.#used += 1;
    return this.#startOver(note);
  }

  /** The fix went live and changed nothing: the attempt counts, and the next one knows. An outcome when attempts are used. */
  learn(detail: string): Outcome | null {
    const record = this.#record;
    this.#used += 1;
    if (record.plan !== null)
      record.triedPlan({ ...tried(record.plan), result: `merged and deployed, but production did not change: ${detail}` });
    this.#failed.push({ reason: 'still-failing-after-deploy', plan: record.tried.at(-1) });
    const cap = Math.min(record.currentIncident.attempts, record.input.settings.caps.attempts);
    return this.#used >= cap ? this.#usedUp(cap) : null;
  }

  #startOver(note: string): Outcome | null {
    this.#restarts += 1;
    this.#record.note(note);
    if (this.#restarts <= RESTARTS) return null;
    return { kind: 'superseded', reason: 'head-moved', detail: `The head moved ${RESTARTS} times while this was being healed.` };
  }

  #usedUp(cap: number): Outcome {
    if (this.#record.attemptsBegun === 0) {
      return { kind: 'abstained', reason: 'attempts-used-before', detail: `All ${cap} attempts on this failure were used before.` };
    }
    return this.#notGoodEnough(`Attempts used: ${this.#used} of ${cap}.`);
  }

  /** Nothing was tried because nothing applies, or what was tried was all there is: then that is why, and not that nothing else is left. */
  #nothingLeft(): Outcome {
    const record = this.#record;
    if (this.#failed.length === 0) {
      const reasons = record.refusals.map((refusal) => `${refusal.strategy}: ${refusal.detail}`).join('; ');
      const setup = setupOf(record).setup ? record.red?.reproduced.detail : undefined;
      if (setup !== undefined)
        return { kind: 'escalated', reason: 'environment-failed', detail: oneLine(`${setup}. No strategy applies. ${reasons}`, 500) };
      return { kind: 'escalated', reason: 'no-strategy', detail: `No strategy applies. ${reasons}`.slice(0, 500) };
    }
    record.attemptsBegun -= 1;
    return this.#notGoodEnough(`No fix that holds, and nothing else to try after ${this.#failed.length} attempt(s).`);
  }

  /** A refusal by the gate tells people more than what else did not work, so it is named first. */
  #notGoodEnough(how: string): Outcome {
    const told = this.#failed.findLast(({ reason }) => reason === 'gate-refused') ?? this.#failed.at(-1);
    const plan = told?.plan;
    return {
      kind: 'escalated',
      reason: told?.reason ?? 'attempts-used',
      detail: `${how} ${plan ? `${plan.planTitle}: ${plan.result}` : ''}`.trimEnd().slice(0, 500),
    };
  }
}

async function attempt(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  failed: (reason: ReasonCode) => void,
): Promise<AttemptEnd> {
  const { untrusted, autonomy } = record.currentIncident;
  const reasoning = new Reasoning(record, control, desk);
  if (untrusted || autonomy === 'observe' || autonomy === 'diagnose') return await analyse(record, reasoning);
  const key = `${record.key}/${record.turn}/budget`;
  const reserved = await withinBudget(record, control, desk, (raised) =>
    act('reserveBudget', 'set aside what this attempt may use', {
      key,
      healingId: record.id,
      dossier: record.currentIncident.dossier,
      what: 'attempt',
      raised,
    }),
  );
  if (reserved.kind === 'changed') return { kind: 'restart' };
  if (reserved.kind === 'refused')
    return { kind: 'end', outcome: { kind: 'escalated', reason: 'budget-used', detail: oneLine(reserved.detail, 500) } };
  if (reserved.kind === 'end') return reserved;
  const before = record.progress.ranMs;
  try {
    return await tryPlans(record, control, desk, reasoning, failed);
  } finally {
    const minutes = (record.progress.ranMs - before) / 60_000;
    record.tell('what the attempt used', () => act('settleBudget', 'say what this attempt used', { key, minutes }));
  }
}

/** Cause and repair in words, and nothing run that came from outside. */
async function analyse(record: HealingRecord, reasoning: Reasoning): Promise<AttemptEnd> {
  const reasoned = await reasoning.next(null);
  if (reasoned.kind === 'end' || reasoned.kind === 'next' || reasoned.kind === 'restart') return reasoned;
  const { untrusted, autonomy } = record.currentIncident;
  const cause = record.diagnosis?.cause ?? 'unknown';
  return {
    kind: 'end',
    outcome: untrusted
      ? { kind: 'escalated', reason: 'outsider', detail: 'Reported by somebody from outside: analysed only.' }
      : { kind: 'escalated', reason: 'diagnosed-only', detail: `Autonomy is ${autonomy}. Cause: ${cause}`.slice(0, 500) },
  };
}

/** Shows it red, then tries plans, cheapest first, while none makes the failing command green. */
async function tryPlans(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  reasoning: Reasoning,
  failed: (reason: ReasonCode) => void,
): Promise<AttemptEnd> {
  const red = await reproduce(record, control);
  if (record.state === 'reproducing') record.move('reasoning', 'Looks for the cause and a repair');
  if (red.kind === 'not-red') return await nothingToRepair(record, reasoning, red);
  const most = record.input.settings.caps.candidates ?? 1;
  for (let candidate = 1; ; candidate += 1) {
    const reasoned = await reasoning.next(red.reproduced);
    if (reasoned.kind !== 'plan') return reasoned;
    const ended = await tryPlan(record, control, desk, reasoned.plan, red.run);
    if (ended.kind === 'flaky') {
      const gone = cameAndWent(record, ended.without, ended.detail);
      record.red = null;
      record.note(gone.reproduced.detail);
      record.move('reasoning', 'Says what is to be done about what comes and goes');
      return await nothingToRepair(record, reasoning, gone);
    }
    if (ended.kind !== 'next' || ended.cheap !== true || candidate >= most) return ended;
    failed(ended.reason);
    record.changeSet = null;
    record.move('reasoning', 'Tries another plan in the same attempt');
  }
}

/** What does not fail, or not because of the code, is not repaired; what can be proposed to people is. */
async function nothingToRepair(
  record: HealingRecord,
  reasoning: Reasoning,
  { outcome, reproduced }: Extract<Reproducing, { kind: 'not-red' }>,
): Promise<AttemptEnd> {
  const reasoned = await reasoning.next(reproduced);
  if (reasoned.kind === 'end' || reasoned.kind === 'restart') return reasoned;
  const ended = outcome.kind === 'abstained' ? await runItAgain(record, record.currentIncident, outcome) : outcome;
  if (reasoned.kind !== 'plan' || reasoned.plan.onlyProposes !== true) return { kind: 'end', outcome: ended };
  propose(record, reasoned.plan);
  return { kind: 'end', outcome: { ...ended, detail: oneLine(`${ended.detail}. Proposed: ${reasoned.plan.title}`, 500) } };
}

function propose(record: HealingRecord, plan: PlanSummary): void {
  record.proposals = plan.proposals ?? [];
  record.audit('proposed', { strategy: plan.strategy, plan: plan.fingerprint, proposals: record.proposals.length });
}

async function tryPlan(record: HealingRecord, control: Control, desk: ApprovalDesk, plan: PlanSummary, red: RunFacts): Promise<Proving> {
  const verdict = await act('decidePlan', `may this be tried: ${plan.title}`, {
    healingId: record.id,
    dossier: record.currentIncident.dossier,
    plan: plan.artifact,
    attempt: record.attempt,
  });
  record.audit('plan-decided', { plan: plan.fingerprint, decision: verdict.decision });
  if (verdict.decision === 'refuse') {
    const why = verdict.reasons.map((each) => each.detail).join('; ');
    record.triedPlan({ ...tried(plan), result: `refused by policy: ${why}` });
    return { kind: 'next', reason: 'policy-refused', cheap: true };
  }
  if (plan.onlyProposes !== true) return await proveOnce(record, control, plan, red);
  propose(record, plan);
  const acted = await actAsPlanned(record, control, desk, plan);
  if (typeof acted !== 'string') return { kind: 'end', outcome: acted };
  record.triedPlan({ ...tried(plan), result: acted });
  return { kind: 'next', reason: 'attempts-used', cheap: true };
}

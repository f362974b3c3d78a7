import type { Reasoned, TriedPlan } from '../activities/contract.ts';
import type { Outcome, ReasonCode } from '../domain/outcome.ts';
import type { ProbeResult } from '../domain/plan.schema.ts';
import type { Verdict } from '../domain/verdict.schema.ts';
import { act } from './activity-options.ts';
import type { AttemptEnd } from './attempt-end.ts';
import { tried } from './attempt-end.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { proveOnce } from './proving.ts';
import { runInSandbox } from './run-in-sandbox.ts';
import { slimRun } from './slim-runs.ts';

/** How often a healing starts over because the ground moved before it leaves the field to a new one. */
const RESTARTS = 10;

/** A change that is proven, with the verdict on it. */
export type Attempted = { readonly kind: 'proven'; readonly verdict: Verdict } | { readonly kind: 'end'; readonly outcome: Outcome };

/** Attempts on one incident: healing attempts are workflow state, never activity retries. */
export class Attempts {
  readonly #record: HealingRecord;
  readonly #control: Control;
  #used: number;
  #restarts = 0;
  /** Plans of this healing that were not good enough. */
  readonly #failed: { readonly reason: ReasonCode; readonly plan: TriedPlan | undefined }[] = [];

  constructor(record: HealingRecord, control: Control, usedBefore: number) {
    this.#record = record;
    this.#control = control;
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
      const ended = await this.#control.restartable(() => attempt(record, this.#control));
      if (ended === 'restart' || ended.kind === 'restart') {
        const outcome = this.again('The ground moved; the attempt starts over and does not count.');
        if (outcome) return { kind: 'end', outcome };
        continue;
      }
      if (ended.kind === 'none') return { kind: 'end', outcome: this.#nothingLeft() };
      if (ended.kind !== 'next') return ended;
      this.#used += 1;
      this.#failed.push({ reason: ended.reason, plan: record.tried.at(-1) });
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

async function attempt(record: HealingRecord, control: Control): Promise<AttemptEnd> {
  const reasoned = await reason(record, control);
  if (reasoned.kind === 'end' || reasoned.kind === 'next') return reasoned;
  const incident = record.currentIncident;
  if (incident.untrusted) {
    return { kind: 'end', outcome: { kind: 'escalated', reason: 'outsider', detail: 'Reported by somebody from outside: analysed only.' } };
  }
  if (incident.autonomy === 'observe' || incident.autonomy === 'diagnose') {
    return {
      kind: 'end',
      outcome: {
        kind: 'escalated',
        reason: 'diagnosed-only',
        detail: `Autonomy is ${incident.autonomy}. Cause: ${record.diagnosis?.cause ?? 'unknown'}`.slice(0, 500),
      },
    };
  }
  if (reasoned.kind === 'none') return { kind: 'none' };
  const { plan } = reasoned;
  const verdict = await act('decidePlan', `may this be tried: ${plan.title}`, {
    healingId: record.id,
    dossier: incident.dossier,
    plan: plan.artifact,
    attempt: record.attempt,
  });
  record.audit('plan-decided', { plan: plan.fingerprint, decision: verdict.decision });
  if (verdict.decision === 'refuse') {
    const why = verdict.reasons.map((each) => each.detail).join('; ');
    record.triedPlan({ ...tried(plan), result: `refused by policy: ${why}` });
    return { kind: 'next', reason: 'policy-refused' };
  }
  return await proveOnce(record, control, plan);
}

/** Climbs the ladder of strategies, answering their probes from the sandbox. */
async function reason(
  record: HealingRecord,
  control: Control,
): Promise<
  | Extract<Reasoned, { kind: 'plan' | 'none' }>
  | { readonly kind: 'next'; readonly reason: ReasonCode }
  | { readonly kind: 'end'; readonly outcome: Outcome }
> {
  const incident = record.currentIncident;
  let asking: string | undefined;
  let probes: readonly ProbeResult[] = [];
  for (let probed = 0; ; probed += 1) {
    const reasoned = await act(
      'reason',
      probed === 0 ? 'find the cause and a repair' : `find the cause and a repair, round ${probed + 1}`,
      {
        healingId: record.id,
        dossier: incident.dossier,
        attempt: record.attempt,
        tried: record.tried,
        ...(asking === undefined ? {} : { asking }),
        probes,
      },
    );
    const { diagnosis } = reasoned;
    const known = record.diagnosis?.class === diagnosis.class && record.diagnosis.cause === diagnosis.cause;
    record.diagnosis = diagnosis;
    record.progress.mark('diagnosed');
    if (!known) record.note(`Cause (${diagnosis.class}): ${diagnosis.cause}`);
    if (reasoned.kind === 'none') {
      record.refused(reasoned.refusals);
      record.audit('no-plan', { class: reasoned.diagnosis.class, refusals: reasoned.refusals.length });
      return reasoned;
    }
    if (reasoned.kind === 'plan') {
      record.refused(reasoned.refusals);
      record.plan = reasoned.plan;
      record.note(`Plan: ${reasoned.plan.strategy}: ${reasoned.plan.title}`);
      record.audit('plan', { strategy: reasoned.plan.strategy, plan: reasoned.plan.fingerprint, class: reasoned.diagnosis.class });
      return reasoned;
    }
    if (probed >= record.input.settings.caps.probes) {
      const { strategy } = reasoned;
      record.triedPlan({
        strategy,
        planTitle: 'search by probes',
        fingerprint: `probes/${strategy}`,
        result: `gave up after ${probed} probes`,
      });
      return { kind: 'next', reason: 'attempts-used' };
    }
    if (asking !== reasoned.strategy) probes = [];
    asking = reasoned.strategy;
    await control.safePoint();
    const run = await runInSandbox(record, `${incident.command} at ${reasoned.sha.slice(0, 10)}, asked for by ${reasoned.strategy}`, {
      // The same question about the same incident has the same answer in every attempt, so it is asked once.
      key: `${record.key}/probe/${incident.dossier.sha256}/${reasoned.sha}/${reasoned.round}`,
      dossier: incident.dossier,
      command: incident.command,
      sha: reasoned.sha,
    });
    const colour = await act('judgeProbe', `is ${reasoned.sha.slice(0, 10)} red or green`, {
      dossier: incident.dossier,
      runs: [slimRun(run, 200)],
    });
    probes = [...probes, { sha: reasoned.sha, round: reasoned.round, colour }];
    record.note(`${reasoned.sha.slice(0, 10)} is ${colour}`);
  }
}

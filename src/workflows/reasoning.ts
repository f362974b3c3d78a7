import { isCancellation } from '@temporalio/workflow';
import type { AskedModel, PlanSummary, Reasoned } from '../activities/contract.ts';
import type { Outcome, ReasonCode } from '../domain/outcome.ts';
import type { ProbeResult, TrialResult } from '../domain/plan.schema.ts';
import { act } from './activity-options.ts';
import type { ApprovalDesk } from './approval.ts';
import { withinBudget } from './budgeting.ts';
import type { Control } from './control.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import type { Reproduced } from './reproducing.ts';
import { runInSandbox } from './run-in-sandbox.ts';
import { setupOf } from './setup-of.ts';
import { slimRun } from './slim-runs.ts';

/** A plan, none, or why this attempt ends without an answer. */
export type Reason =
  | { readonly kind: 'plan'; readonly plan: PlanSummary }
  | { readonly kind: 'none' }
  | { readonly kind: 'next'; readonly reason: ReasonCode }
  | { readonly kind: 'restart' }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** Climbs the ladder of strategies: what one needs to know is found out in the sandbox or asked of a model, until one plans. */
export class Reasoning {
  readonly #record: HealingRecord;
  readonly #control: Control;
  readonly #desk: ApprovalDesk;
  #asking: string | undefined;
  #probes: readonly ProbeResult[] = [];
  #trials: readonly TrialResult[] = [];
  #asked: readonly AskedModel[] = [];
  #rounds = 0;

  constructor(record: HealingRecord, control: Control, desk: ApprovalDesk) {
    this.#record = record;
    this.#control = control;
    this.#desk = desk;
  }

  /** The next plan that was not tried. What was found out for an earlier one of this attempt is not asked again. */
  async next(reproduced: Reproduced | null): Promise<Reason> {
    const record = this.#record;
    for (;;) {
      const reasoned = await this.#reason(reproduced);
      switch (reasoned.kind) {
        case 'none':
          record.refused(reasoned.refusals);
          record.audit('no-plan', { class: reasoned.diagnosis.class, refusals: reasoned.refusals.length });
          return { kind: 'none' };
        case 'plan': {
          const { plan } = reasoned;
          record.refused(reasoned.refusals);
          record.plan = plan;
          record.note(`Plan: ${plan.strategy}: ${plan.title}`);
          record.audit('plan', { strategy: plan.strategy, plan: plan.fingerprint, class: reasoned.diagnosis.class });
          return { kind: 'plan', plan };
        }
        default: {
          const stopped = await this.#findOut(reasoned);
          if (stopped !== null) return stopped;
        }
      }
    }
  }

  async #reason(reproduced: Reproduced | null): Promise<Reasoned> {
    const record = this.#record;
    const round = this.#rounds;
    this.#rounds += 1;
    const reasoned = await act('reason', round === 0 ? 'find the cause and a repair' : `find the cause and a repair, round ${round + 1}`, {
      healingId: record.id,
      dossier: record.currentIncident.dossier,
      attempt: record.attempt,
      tried: record.tried,
      ...(reproduced === null ? {} : { reproduction: reproduced }),
      ...(this.#asking === undefined ? {} : { asking: this.#asking }),
      probes: this.#probes,
      ...(this.#trials.length === 0 ? {} : { trials: this.#trials }),
      ...(this.#asked.length === 0 ? {} : { asked: this.#asked }),
    });
    const { diagnosis } = reasoned;
    const known = record.diagnosis?.class === diagnosis.class && record.diagnosis.cause === diagnosis.cause;
    record.diagnosis = diagnosis;
    record.progress.mark('diagnosed');
    if (!known) record.note(`Cause (${diagnosis.class}): ${diagnosis.cause}`);
    return reasoned;
  }

  /** Answers one question of a strategy; null when the climb goes on. */
  async #findOut(reasoned: Extract<Reasoned, { kind: 'probe' | 'trial' | 'ask' }>): Promise<Reason | null> {
    const record = this.#record;
    const { strategy } = reasoned;
    const found = this.#probes.length + this.#trials.length + this.#asked.length;
    if (found >= record.input.settings.caps.probes) {
      record.triedPlan({
        strategy,
        planTitle: 'search by probes',
        fingerprint: `probes/${strategy}`,
        result: `gave up after ${found} probes`,
      });
      return { kind: 'next', reason: 'attempts-used' };
    }
    if (this.#asking !== strategy) this.#probes = [];
    this.#asking = strategy;
    await this.#control.safePoint();
    switch (reasoned.kind) {
      case 'probe':
        await this.#probe(reasoned);
        return null;
      case 'trial':
        await this.#try(reasoned);
        return null;
      case 'ask':
        return await this.#ask(reasoned);
    }
  }

  async #probe({ sha, round, strategy }: Extract<Reasoned, { kind: 'probe' }>): Promise<void> {
    const record = this.#record;
    const { dossier, command } = record.currentIncident;
    const run = await runInSandbox(record, `${command} at ${sha.slice(0, 10)}, asked for by ${strategy}`, {
      // The same question about the same incident has the same answer in every attempt, so it is asked once.
      key: `${record.key}/probe/${dossier.sha256}/${sha}/${round}`,
      dossier,
      command,
      sha,
    });
    const colour = await act('judgeProbe', `is ${sha.slice(0, 10)} red or green`, {
      dossier,
      runs: [slimRun(run, 200)],
      ...setupOf(record),
    });
    this.#probes = [...this.#probes, { sha, round, colour }];
    record.note(`${sha.slice(0, 10)} is ${colour}`);
  }

  async #try({ plan, title, fingerprint }: Extract<Reasoned, { kind: 'trial' }>): Promise<void> {
    const record = this.#record;
    const { dossier, command, headSha } = record.currentIncident;
    const key = `${record.key}/trial/${dossier.sha256}/${fingerprint}`;
    const built = await act('buildChangeSet', `try: ${title}`, { key: `${key}/build`, dossier, plan });
    if (built.kind === 'failed') {
      this.#trials = [...this.#trials, { fingerprint, colour: 'unclear', detail: oneLine(built.detail, 300) }];
      record.note(`Could not be tried: ${title}: ${built.detail}`);
      return;
    }
    const run = await runInSandbox(record, `${command}, with ${title}`, {
      key,
      dossier,
      command,
      sha: headSha,
      changeSet: built.changeSet,
    });
    const colour = await act('judgeProbe', `is it red with ${title}`, { dossier, runs: [slimRun(run, 200)], ...setupOf(record) });
    this.#trials = [...this.#trials, { fingerprint, colour, detail: colour }];
    record.note(`${title}: ${colour}`);
  }

  async #ask({ question, purpose, fingerprint }: Extract<Reasoned, { kind: 'ask' }>): Promise<Reason | null> {
    const record = this.#record;
    const { dossier } = record.currentIncident;
    const common = { key: `${record.key}/ask/${fingerprint}`, healingId: record.id, dossier, question };
    const asked = await withinBudget(record, this.#control, this.#desk, (raised) =>
      act('askModel', `ask a model: ${purpose}`, { ...common, raised }).catch((error: unknown) => {
        // A vendor that stays away must not end the healing: the ladder has other rungs.
        if (isCancellation(error) || outcomeOfFailure(error) === null) throw error;
        return { kind: 'away' as const };
      }),
    );
    if (asked.kind === 'changed') return { kind: 'restart' };
    if (asked.kind === 'end') return asked;
    if (asked.kind === 'within' && asked.answer.kind === 'answered') {
      const { answer, detail, tokens, usd } = asked.answer;
      record.progress.asked(tokens, usd);
      this.#asked = [...this.#asked, { fingerprint, answer }];
      record.note(`A model was asked (${purpose}): ${detail}`);
      return null;
    }
    const why = asked.kind === 'refused' ? asked.detail : 'the model could not be reached';
    this.#asked = [...this.#asked, { fingerprint, unavailable: oneLine(why, 300) }];
    record.note(`No model was asked (${purpose}): ${why}`);
    return null;
  }
}

import type { PlanSummary } from '../activities/contract.ts';
import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import type { Proof, ProofRound, RunFacts } from '../domain/proof.schema.ts';
import { act } from './activity-options.ts';
import type { AttemptEnd } from './attempt-end.ts';
import { tried } from './attempt-end.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { runInSandbox } from './run-in-sandbox.ts';
import { setupOf } from './setup-of.ts';
import { failedInAll, slimPair, slimRun } from './slim-runs.ts';

/** How proving ended; `flaky`: what is to be repaired comes and goes without the change. */
export type Proving = AttemptEnd | { readonly kind: 'flaky'; readonly without: RunFacts; readonly detail: string };

interface Proven {
  readonly proof: Proof;
  /** Last run without the change, after it was green with it. */
  readonly without?: RunFacts;
}

/** Red without the change, green with it, twice, red without it again, as often as is wanted, nothing else newly red; then what policy says to the result. */
export async function proveOnce(record: HealingRecord, control: Control, plan: PlanSummary, red: RunFacts): Promise<Proving> {
  record.move('proving', `Proves in the sandbox: ${plan.title}`);
  const incident = record.currentIncident;
  await control.safePoint();
  const built = await act('buildChangeSet', `make the change: ${plan.title}`, {
    key: key(record, plan, 'build'),
    dossier: incident.dossier,
    plan: plan.artifact,
  });
  if (built.kind === 'failed') {
    record.triedPlan({ ...tried(plan), result: `the change could not be made: ${built.detail}` });
    return { kind: 'next', reason: 'attempts-used', cheap: true };
  }
  record.changeSet = built.changeSet;
  record.note(`Change of ${built.changeSet.fileCount} files: ${built.changeSet.paths.slice(0, 3).join(', ')}`);
  const { proof, without } = await prove(record, control, plan, built.changeSet, red);
  record.proof = proof;
  record.audit('proof', {
    verdict: proof.verdict,
    hash: built.changeSet.hash,
    findings: proof.findings.length,
    newlyRed: proof.newlyRed.length,
    rounds: proof.rounds ?? 0,
  });
  if (proof.verdict !== 'proven') {
    record.triedPlan({ ...tried(plan), result: `${proof.verdict}: ${proof.reasons.join('; ')}` });
    if (proof.verdict === 'flaky' && !proof.redAgain && without !== undefined)
      return { kind: 'flaky', without, detail: proof.reasons.join('; ') };
    return proof.verdict === 'gate-refused'
      ? { kind: 'next', reason: 'gate-refused' }
      : { kind: 'next', reason: 'attempts-used', ...(proof.verdict === 'not-fixed' ? { cheap: true as const } : {}) };
  }
  const rounds = proof.rounds === undefined ? '' : `, both again in turn (rounds: ${proof.rounds})`;
  record.note(`Proven: red without it before and after, green with it twice${rounds}, nothing newly red`);
  const fresh = await control.refresh();
  if (fresh.kind === 'end') return fresh;
  if (fresh.kind === 'changed') return { kind: 'restart' };
  await control.safePoint();
  const verdict = await act('decideChange', 'may this change be published', {
    healingId: record.id,
    dossier: record.currentIncident.dossier,
    plan: plan.artifact,
    changeSet: built.changeSet,
    proof,
    ...(record.diagnosis === null ? {} : { failureClass: record.diagnosis.class }),
  });
  record.audit('change-decided', { decision: verdict.decision, autonomy: verdict.autonomy, hash: built.changeSet.hash });
  if (verdict.decision === 'refuse') {
    const why = verdict.reasons.map((each) => each.detail).join('; ');
    record.triedPlan({ ...tried(plan), result: `refused by policy: ${why}` });
    return { kind: 'next', reason: 'policy-refused' };
  }
  return { kind: 'proven', verdict };
}

async function prove(record: HealingRecord, control: Control, plan: PlanSummary, changeSet: ChangeSetRef, red: RunFacts): Promise<Proven> {
  const incident = record.currentIncident;
  const judge = (
    green: RunFacts,
    wider: { readonly before: readonly RunFacts[]; readonly after: readonly RunFacts[] },
    again?: { readonly greenAgain: RunFacts; readonly redAgain: RunFacts; readonly rounds: readonly ProofRound[] },
  ) => {
    const alike = failedInAll([red, ...(again ? [again.redAgain, ...again.rounds.map(({ without }) => without)] : [])]);
    const slim = (run: RunFacts) => slimRun(run, 150, alike);
    return act('judgeProof', 'is the change proven', {
      healingId: record.id,
      dossier: incident.dossier,
      plan: plan.artifact,
      changeSet,
      red: slim(red),
      green: slimPair(red, green, 500).after,
      ...(again ? { greenAgain: slimRun(again.greenAgain, 0), redAgain: slim(again.redAgain) } : {}),
      ...(again && again.rounds.length > 0
        ? { rounds: again.rounds.map(({ without, withIt }) => ({ without: slim(without), withIt: slimRun(withIt, 0) })) }
        : {}),
      widerBefore: wider.before,
      widerAfter: wider.after,
    });
  };
  const green = await withChange(record, control, plan, changeSet, 'green');
  record.green = green;
  const colour = await act('judgeProbe', 'does it pass with the change', {
    dossier: incident.dossier,
    runs: [slimRun(green, 200)],
    ...setupOf(record),
  });
  if (colour !== 'green') {
    // The wider checks cannot save a change that does not fix its own failure.
    const early = await judge(green, { before: [], after: [] });
    if (early.verdict !== 'proven') return { proof: early };
  }
  const wider = await widerChecks(record, control, plan, changeSet, red, green);
  const greenAgain = await withChange(record, control, plan, changeSet, 'green-again');
  const redAgain = await withoutChange(record, control, plan, 'red-again');
  const rounds: ProofRound[] = [];
  for (;;) {
    const proof = await judge(green, wider, { greenAgain, redAgain, rounds });
    if (proof.verdict !== 'unconfirmed') return { proof, without: rounds.at(-1)?.without ?? redAgain };
    const step = `confirm/${rounds.length}`;
    const [without, withIt] = await Promise.all([
      withoutChange(record, control, plan, `${step}/without`),
      withChange(record, control, plan, changeSet, `${step}/with`),
    ]);
    rounds.push({ without, withIt });
  }
}

/** What was red before the change must still be so after it was green, or it came and went by itself and the change mended nothing. */
async function withoutChange(record: HealingRecord, control: Control, plan: PlanSummary, step: string): Promise<RunFacts> {
  const { dossier, command, headSha } = record.currentIncident;
  await control.safePoint();
  return await runInSandbox(record, `${command} without the change, once more`, {
    key: key(record, plan, step),
    dossier,
    command,
    sha: headSha,
  });
}

/** Every other check before and after the change; the failing one has its runs already. */
async function widerChecks(
  record: HealingRecord,
  control: Control,
  plan: PlanSummary,
  changeSet: ChangeSetRef,
  red: RunFacts,
  green: RunFacts,
) {
  const incident = record.currentIncident;
  const before: RunFacts[] = [];
  const after: RunFacts[] = [];
  const take = (without: RunFacts, withIt: RunFacts) => {
    const pair = slimPair(without, withIt, 150);
    before.push(pair.before);
    after.push(pair.after);
  };
  for (const command of incident.wider) {
    if (command === incident.command) {
      take(red, green);
      continue;
    }
    await control.safePoint();
    const common = { dossier: incident.dossier, command, sha: incident.headSha };
    const [without, withIt] = await Promise.all([
      runInSandbox(record, `${command} without the change`, { ...common, key: key(record, null, `wider/${command}/before`) }),
      runInSandbox(record, `${command} with the change`, { ...common, key: key(record, plan, `wider/${command}/after`), changeSet }),
    ]);
    take(without, withIt);
  }
  return { before, after };
}

async function withChange(
  record: HealingRecord,
  control: Control,
  plan: PlanSummary,
  changeSet: ChangeSetRef,
  step: string,
): Promise<RunFacts> {
  const incident = record.currentIncident;
  await control.safePoint();
  return await runInSandbox(record, `${incident.command} with the change${step === 'green' ? '' : ', again'}`, {
    key: key(record, plan, step),
    dossier: incident.dossier,
    command: incident.command,
    sha: incident.headSha,
    changeSet,
  });
}

/** Several plans may be proven in one turn; what does not depend on one is run once. */
function key(record: HealingRecord, plan: PlanSummary | null, step: string): string {
  return `${record.key}/${record.turn}/${plan === null ? '' : `${plan.fingerprint}/`}${step}`;
}

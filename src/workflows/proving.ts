import { isCancellation } from '@temporalio/workflow';
import type { IncidentSummary, PlanSummary } from '../activities/contract.ts';
import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Proof, RunFacts } from '../domain/proof.schema.ts';
import { act } from './activity-options.ts';
import type { AttemptEnd } from './attempt-end.ts';
import { tried } from './attempt-end.ts';
import type { Control } from './control.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { runInSandbox } from './run-in-sandbox.ts';
import { slimPair, slimRun } from './slim-runs.ts';

/** Runs at one revision before the question of red or flaky is left open. */
const REPRODUCTIONS = 6;

/** Red without the change, green with it, twice, nothing else newly red; then what policy says to the result. */
export async function proveOnce(record: HealingRecord, control: Control, plan: PlanSummary): Promise<AttemptEnd> {
  record.move('proving', `Proves in the sandbox: ${plan.title}`);
  const red = await reproduce(record, control);
  if (red.kind === 'end') return red;
  const incident = record.currentIncident;
  await control.safePoint();
  const built = await act('buildChangeSet', `make the change: ${plan.title}`, {
    key: key(record, 'build'),
    dossier: incident.dossier,
    plan: plan.artifact,
  });
  if (built.kind === 'failed') {
    record.triedPlan({ ...tried(plan), result: `the change could not be made: ${built.detail}` });
    return { kind: 'next', reason: 'attempts-used' };
  }
  record.changeSet = built.changeSet;
  record.note(`Change of ${built.changeSet.fileCount} files: ${built.changeSet.paths.slice(0, 3).join(', ')}`);
  const proof = await prove(record, control, plan, built.changeSet, red.run);
  record.proof = proof;
  record.audit('proof', {
    verdict: proof.verdict,
    hash: built.changeSet.hash,
    findings: proof.findings.length,
    newlyRed: proof.newlyRed.length,
  });
  if (proof.verdict !== 'proven') {
    record.triedPlan({ ...tried(plan), result: `${proof.verdict}: ${proof.reasons.join('; ')}` });
    return { kind: 'next', reason: proof.verdict === 'gate-refused' ? 'gate-refused' : 'attempts-used' };
  }
  record.note('Proven: red without, green with it, twice, nothing newly red');
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
  });
  record.audit('change-decided', { decision: verdict.decision, autonomy: verdict.autonomy, hash: built.changeSet.hash });
  if (verdict.decision === 'refuse') {
    const why = verdict.reasons.map((each) => each.detail).join('; ');
    record.triedPlan({ ...tried(plan), result: `refused by policy: ${why}` });
    return { kind: 'next', reason: 'policy-refused' };
  }
  return { kind: 'proven', verdict };
}

type Reproduced = { readonly kind: 'red'; readonly run: RunFacts } | { readonly kind: 'end'; readonly outcome: Outcome };

/** Runs the failing command at the broken head until it is known to be red, or known not to be. */
async function reproduce(record: HealingRecord, control: Control): Promise<Reproduced> {
  const incident = record.currentIncident;
  if (record.red?.headSha === incident.headSha && record.red.command === incident.command) return { kind: 'red', run: record.red.run };
  const known = new Set(incident.failingTests);
  const runs: RunFacts[] = [];
  while (runs.length < REPRODUCTIONS) {
    await control.safePoint();
    const run = await runInSandbox(record, `${incident.command} without the change`, {
      key: key(record, `red/${runs.length}`),
      dossier: incident.dossier,
      command: incident.command,
      sha: incident.headSha,
    });
    runs.push(run);
    const judged = await act('judgeReproduction', 'does it fail without the change', {
      dossier: incident.dossier,
      runs: runs.map((each) => slimRun(each, 1_500, (name) => known.has(name))),
    });
    record.note(`Run ${runs.length} without the change: ${judged.verdict}: ${judged.detail}`);
    switch (judged.verdict) {
      case 'reproduced':
        record.red = { headSha: incident.headSha, command: incident.command, run };
        return { kind: 'red', run };
      case 'flaky':
      case 'not-reproduced':
        return { kind: 'end', outcome: await runItAgain(record, incident, judged.verdict, judged.detail) };
      case 'environment-failed':
        return { kind: 'end', outcome: { kind: 'escalated', reason: 'environment-failed', detail: judged.detail } };
      case 'run-again':
        break;
    }
  }
  return { kind: 'end', outcome: { kind: 'abstained', reason: 'not-reproduced', detail: `Still unclear after ${REPRODUCTIONS} runs.` } };
}

/** What is red at the forge and not here: the forge is asked once to run it again, and nothing is repaired. */
async function runItAgain(
  record: HealingRecord,
  incident: IncidentSummary,
  reason: 'flaky' | 'not-reproduced',
  detail: string,
): Promise<Outcome> {
  const outcome: Outcome = { kind: 'abstained', reason, detail };
  if (record.input.request !== undefined || record.input.settings.dryRun) return outcome;
  try {
    const { asked } = await act('rerunChecks', 'run what failed again', {
      key: `${record.key}/rerun`,
      healingId: record.id,
      repo: record.input.repo,
      dossier: incident.dossier,
      sha: incident.headSha,
    });
    return asked ? { ...outcome, detail: oneLine(`${detail}; the forge was asked to run what failed again`, 500) } : outcome;
  } catch (error) {
    if (isCancellation(error) || outcomeOfFailure(error) === null) throw error;
    record.note('What failed could not be run again.');
    return outcome;
  }
}

async function prove(record: HealingRecord, control: Control, plan: PlanSummary, changeSet: ChangeSetRef, red: RunFacts): Promise<Proof> {
  const incident = record.currentIncident;
  const judge = (green: RunFacts, greenAgain: RunFacts | undefined, before: readonly RunFacts[], after: readonly RunFacts[]) =>
    act('judgeProof', 'is the change proven', {
      healingId: record.id,
      dossier: incident.dossier,
      plan: plan.artifact,
      changeSet,
      red: slimRun(red, 300),
      green: slimPair(red, green, 500).after,
      ...(greenAgain ? { greenAgain: slimRun(greenAgain, 0) } : {}),
      widerBefore: before,
      widerAfter: after,
    });
  const green = await withChange(record, control, incident, changeSet, 'green');
  record.green = green;
  const colour = await act('judgeProbe', 'does it pass with the change', { dossier: incident.dossier, runs: [slimRun(green, 200)] });
  if (colour !== 'green') {
    // The wider checks cannot save a change that does not fix its own failure.
    const early = await judge(green, undefined, [], []);
    if (early.verdict !== 'proven') return early;
  }
  const wider = await widerChecks(record, control, incident, changeSet, red, green);
  const greenAgain = await withChange(record, control, incident, changeSet, 'green-again');
  return await judge(green, greenAgain, wider.before, wider.after);
}

/** Every other check before and after the change; the failing one has its runs already. */
async function widerChecks(
  record: HealingRecord,
  control: Control,
  incident: IncidentSummary,
  changeSet: ChangeSetRef,
  red: RunFacts,
  green: RunFacts,
) {
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
      runInSandbox(record, `${command} without the change`, { ...common, key: key(record, `wider/${command}/before`) }),
      runInSandbox(record, `${command} with the change`, { ...common, key: key(record, `wider/${command}/after`), changeSet }),
    ]);
    take(without, withIt);
  }
  return { before, after };
}

async function withChange(
  record: HealingRecord,
  control: Control,
  incident: IncidentSummary,
  changeSet: ChangeSetRef,
  step: string,
): Promise<RunFacts> {
  await control.safePoint();
  return await runInSandbox(record, `${incident.command} with the change${step === 'green-again' ? ', again' : ''}`, {
    key: key(record, step),
    dossier: incident.dossier,
    command: incident.command,
    sha: incident.headSha,
    changeSet,
  });
}

function key(record: HealingRecord, step: string): string {
  return `${record.key}/${record.turn}/${step}`;
}

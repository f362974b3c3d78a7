import { isCancellation } from '@temporalio/workflow';
import type { Activities, IncidentSummary } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { RunFacts } from '../domain/proof.schema.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { runInSandbox } from './run-in-sandbox.ts';
import { failedInAll, slimRun } from './slim-runs.ts';

/** Runs at one revision before the question of red or flaky is left open. */
const REPRODUCTIONS = 6;

/** What the reasoner is told of the runs. */
export type Reproduced = NonNullable<Parameters<Activities['reason']>[0]['reproduction']>;

/** Red, or the outcome that it comes to; `reproduced` is what a diagnosis can be made from either way. */
export type Reproducing =
  | { readonly kind: 'red'; readonly run: RunFacts; readonly reproduced: Reproduced }
  | { readonly kind: 'not-red'; readonly outcome: Outcome; readonly reproduced: Reproduced };

/** What was red and is green by now, without a change in between: the runs that show it go on to the diagnosis. */
export function cameAndWent({ red }: HealingRecord, without: RunFacts, why: string): Extract<Reproducing, { kind: 'not-red' }> {
  const detail = oneLine(`it comes and goes by itself: red without a change, then ${why}`, 500);
  const runs = [...(red?.reproduced.runs ?? []), slimRun(without, 200)];
  return {
    kind: 'not-red',
    outcome: { kind: 'abstained', reason: 'flaky', detail },
    reproduced: { verdict: 'flaky', detail, runs },
  };
}

/** Runs the failing command at the broken head until it is known to be red, or known not to be. */
export async function reproduce(record: HealingRecord, control: Control): Promise<Reproducing> {
  const incident = record.currentIncident;
  const before = record.red;
  if (before?.headSha === incident.headSha && before.command === incident.command)
    return { kind: 'red', run: before.run, reproduced: before.reproduced };
  record.move('reproducing', `Runs ${incident.command} as it is`);
  const known = new Set(incident.failingTests);
  const runs: RunFacts[] = [];
  const told = (verdict: Reproduced['verdict'], detail: string): Reproduced => ({
    verdict,
    detail: oneLine(detail, 500),
    runs: runs.map((run) => slimRun(run, 200, (name) => known.has(name))),
  });
  while (runs.length < REPRODUCTIONS) {
    await control.safePoint();
    const run = await runInSandbox(record, `${incident.command} without the change`, {
      key: `${record.key}/${record.turn}/red/${runs.length}`,
      dossier: incident.dossier,
      command: incident.command,
      sha: incident.headSha,
    });
    runs.push(run);
    const inAll = failedInAll(runs);
    const { verdict, detail } = await act('judgeReproduction', 'does it fail without the change', {
      dossier: incident.dossier,
      runs: runs.map((each) => slimRun(each, 1_500, (name) => inAll(name) || known.has(name))),
    });
    record.note(`Run ${runs.length} without the change: ${verdict}: ${detail}`);
    switch (verdict) {
      case 'reproduced': {
        const reproduced = told(verdict, detail);
        record.red = { headSha: incident.headSha, command: incident.command, run, reproduced };
        return { kind: 'red', run, reproduced };
      }
      case 'flaky':
      case 'not-reproduced':
        return {
          kind: 'not-red',
          outcome: { kind: 'abstained', reason: verdict, detail: oneLine(detail, 500) },
          reproduced: told(verdict, detail),
        };
      case 'environment-failed':
        return {
          kind: 'not-red',
          outcome: { kind: 'escalated', reason: verdict, detail: oneLine(detail, 500) },
          reproduced: told(verdict, detail),
        };
      case 'run-again':
        break;
    }
  }
  const detail = `Still unclear after ${REPRODUCTIONS} runs.`;
  return { kind: 'not-red', outcome: { kind: 'abstained', reason: 'not-reproduced', detail }, reproduced: told('not-reproduced', detail) };
}

/** What is red at the forge and not here: the forge is asked once to run it again, and nothing is repaired. */
export async function runItAgain(record: HealingRecord, incident: IncidentSummary, outcome: Outcome): Promise<Outcome> {
  if (record.input.settings.dryRun || record.input.request !== undefined) return outcome;
  try {
    const { asked } = await act('rerunChecks', 'ask the forge to run what failed again', {
      key: `${record.key}/rerun`,
      healingId: record.id,
      repo: record.input.repo,
      dossier: incident.dossier,
      sha: incident.headSha,
    });
    return asked ? { ...outcome, detail: oneLine(`${outcome.detail}; the forge was asked to run what failed again`, 500) } : outcome;
  } catch (error) {
    if (isCancellation(error) || outcomeOfFailure(error) === null) throw error;
    record.note('What failed could not be run again.');
    return outcome;
  }
}

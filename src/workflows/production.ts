import { isCancellation } from '@temporalio/workflow';
import type { HealthFacts, IncidentSummary } from '../activities/contract.ts';
import type { Outcome, ReasonCode } from '../domain/outcome.ts';
import type { Verdict } from '../domain/verdict.schema.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { Poll } from './poll.ts';

/** Readings handed to the judge: the first ones and the newest ones say it all and keep history small. */
const FIRST_READINGS = 5;
const NEWEST_READINGS = 30;

/** From the merged commit to production that shows it worked. */
export async function watchProduction(record: HealingRecord, control: Control, verdict: Verdict, mergeSha: string): Promise<Outcome> {
  await control.refresh();
  const incident = record.currentIncident;
  if (incident.service === undefined) return await watchChecks(record, control, mergeSha);
  const before = await readHealth(record, 'measure production before');
  const undeployed = await deployment(record, control, verdict, incident, mergeSha);
  if (undeployed) return undeployed;
  return await verify(record, control, incident, before);
}

/** Without a service the checks of the merged commit are all that can be seen. */
async function watchChecks(record: HealingRecord, control: Control, mergeSha: string): Promise<Outcome> {
  const { checkPollMs, checkTimeoutMs } = record.input.settings.timings;
  record.move('verifying', 'Watches the checks of the merged commit');
  const poll = new Poll(control, checkPollMs, checkTimeoutMs, 'until the next look at the merged commit');
  for (;;) {
    const checks = await act('readChecks', 'read the checks of the merged commit', { repo: record.input.repo, sha: mergeSha });
    if (checks.state === 'green')
      return { kind: 'healed', reason: 'verified', detail: oneLine(`Merged; its checks are green. ${checks.detail}`, 500) };
    if (checks.state === 'red')
      return { kind: 'escalated', reason: 'checks-failed', detail: oneLine(`Red after the merge: ${checks.detail}`, 500) };
    if (checks.state === 'none' || !(await poll.wait()))
      return { kind: 'healed', reason: 'merged-unverified', detail: 'Merged; nothing on the merged commit could be read.' };
  }
}

/** Deploys where the autonomy reaches that far, else waits for the deployment that somebody else makes. An outcome when there is none. */
async function deployment(
  record: HealingRecord,
  control: Control,
  verdict: Verdict,
  incident: IncidentSummary,
  mergeSha: string,
): Promise<Outcome | null> {
  const { deployPollMs, deployTimeoutMs } = record.input.settings.timings;
  const environment = incident.environment ?? 'production';
  record.move(
    'deploying',
    verdict.autonomy === 'deploy' ? `Deploys ${mergeSha.slice(0, 10)} to ${environment}` : 'Waits for the deployment',
  );
  const poll = new Poll(control, deployPollMs, deployTimeoutMs, 'until the next look at the deployment');
  if (verdict.autonomy !== 'deploy') {
    while (!control.deploymentSeen(mergeSha) && (await poll.wait()));
    return null;
  }
  await control.safePoint();
  const { id } = await act('deploy', `deploy to ${environment}`, {
    key: `${record.key}/${mergeSha}/deploy`,
    healingId: record.id,
    repo: record.input.repo,
    dossier: incident.dossier,
    sha: mergeSha,
    environment,
  });
  record.audit('deployment', { deployment: id, sha: mergeSha, environment });
  for (;;) {
    const facts = await act('readDeployment', 'read the deployment', { repo: record.input.repo, id });
    if (facts.state === 'success') return null;
    if (facts.state === 'failure') return { kind: 'escalated', reason: 'deploy-failed', detail: oneLine(facts.detail, 500) };
    if (!(await poll.wait()))
      return { kind: 'escalated', reason: 'deploy-timed-out', detail: oneLine(`Deployment ${id} is still ${facts.state}.`, 500) };
  }
}

const REASONS: Readonly<Record<'unchanged' | 'worse' | 'inconclusive', ReasonCode>> = {
  unchanged: 'still-failing-after-deploy',
  worse: 'worse-after-deploy',
  inconclusive: 'health-inconclusive',
};

/** Measures production until the judge has seen enough. */
async function verify(record: HealingRecord, control: Control, incident: IncidentSummary, before: HealthFacts | null): Promise<Outcome> {
  const { verifyPollMs, verifyWindowMs, verifyTimeoutMs } = record.input.settings.timings;
  record.move('verifying', 'Measures production');
  const started = Date.now();
  const after: HealthFacts[] = [];
  for (;;) {
    const reading = await readHealth(record, 'measure production');
    if (reading !== null) after.push(reading);
    if (after.length > FIRST_READINGS + NEWEST_READINGS) after.splice(FIRST_READINGS, 1);
    const elapsedMs = Date.now() - started;
    const judged = await act('judgeHealth', 'did it work', {
      dossier: incident.dossier,
      before,
      after,
      windowMs: verifyWindowMs,
      elapsedMs,
      timeoutMs: verifyTimeoutMs,
    });
    record.note(`Production: ${judged.verdict}: ${judged.detail}`);
    if (judged.verdict === 'better') {
      record.audit('verified', { readings: after.length });
      return { kind: 'healed', reason: 'verified', detail: oneLine(judged.detail, 500) };
    }
    if (judged.verdict !== 'wait') {
      record.audit('not-verified', { verdict: judged.verdict });
      return { kind: 'escalated', reason: REASONS[judged.verdict], detail: oneLine(judged.detail, 500) };
    }
    if (elapsedMs > verifyTimeoutMs)
      return { kind: 'escalated', reason: 'health-inconclusive', detail: oneLine(`No verdict in time: ${judged.detail}`, 500) };
    await control.news(verifyPollMs, 'until the next reading of production');
  }
}

/** One reading; null when production cannot be measured now, which the judge then sees as a gap. */
async function readHealth(record: HealingRecord, summary: string): Promise<HealthFacts | null> {
  try {
    return await act('readHealth', summary, { dossier: record.currentIncident.dossier });
  } catch (error) {
    if (isCancellation(error) || outcomeOfFailure(error) === null) throw error;
    record.note('Production could not be measured.');
    return null;
  }
}

import { isCancellation } from '@temporalio/workflow';
import type { HealthFacts, HealthWindow, IncidentSummary } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Verdict } from '../domain/verdict.schema.ts';
import { actAfterDeployment } from './acting.ts';
import { act } from './activity-options.ts';
import type { ApprovalDesk } from './approval.ts';
import type { Control } from './control.ts';
import { deployed, environmentOf } from './deploying.ts';
import { outcomeOfFailure } from './failure-outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { Poll } from './poll.ts';
import { addReading } from './readings.ts';
import { takeBack } from './undoing.ts';

/** `again`: what was deployed changed nothing, and another attempt may know better. */
export type Watched = { readonly kind: 'end'; readonly outcome: Outcome } | { readonly kind: 'again'; readonly detail: string };

const end = (outcome: Outcome): Watched => ({ kind: 'end', outcome });

/** From the merged commit to production that shows it worked; a fix that did harm is taken back, and where nobody can tell a person says. */
export async function watchProduction(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  verdict: Verdict,
  mergeSha: string,
): Promise<Watched> {
  await control.refresh();
  const incident = record.currentIncident;
  if (incident.service === undefined) return end(await watchChecks(record, control, mergeSha));
  const before = await readHealth(record, 'measure production before');
  const since = new Date().toISOString();
  const undeployed = await deployment(record, control, verdict, incident, mergeSha);
  if (undeployed) return end(undeployed);
  const acted = await actAfterDeployment(record, control, desk);
  if (acted) return end(acted);
  const { verdict: shown, detail } = await verify(record, control, incident, before, since);
  switch (shown) {
    case 'better':
      return end({ kind: 'healed', reason: 'verified', detail });
    case 'unchanged':
      return { kind: 'again', detail };
    case 'worse':
      return end(await takeBack(record, control, verdict, mergeSha, 'worse-after-deploy', `Production got worse: ${detail}.`));
    case 'inconclusive':
      return end(await askPeople(record, control, desk, verdict, mergeSha, detail));
  }
}

/** Without a service the checks of the merged commit are all that can be seen. */
async function watchChecks(record: HealingRecord, control: Control, mergeSha: string): Promise<Outcome> {
  const { checkPollMs, checkTimeoutMs } = record.input.settings.timings;
  record.move('verifying', 'Watches the checks of the merged commit');
  const poll = new Poll(control, checkPollMs, checkTimeoutMs, 'until the next look at the merged commit');
  for (;;) {
    const checks = await act('readChecks', 'read the checks of the merged commit', {
      repo: record.input.repo,
      sha: mergeSha,
      branch: record.currentIncident.targetBranch,
    });
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
  record.move(
    'deploying',
    verdict.autonomy === 'deploy' ? `Deploys ${mergeSha.slice(0, 10)} to ${environmentOf(incident)}` : 'Waits for the deployment',
  );
  if (verdict.autonomy !== 'deploy') {
    const poll = new Poll(control, deployPollMs, deployTimeoutMs, 'until the next look at the deployment');
    while (!control.deploymentSeen(mergeSha) && (await poll.wait()));
    return null;
  }
  await control.safePoint();
  await quiet(record, incident, mergeSha);
  const key = `${record.key}/${mergeSha}/deploy`;
  const ended = await deployed(record, control, incident, { sha: mergeSha, key, action: 'deployment' });
  switch (ended.kind) {
    case 'success':
      record.step('deployed', `${mergeSha.slice(0, 10)} is live in ${environmentOf(incident)}`, { sha: mergeSha });
      return null;
    case 'failure':
      return { kind: 'escalated', reason: 'deploy-failed', detail: oneLine(ended.detail, 500) };
    case 'watched':
    case 'timed-out':
      return { kind: 'escalated', reason: 'deploy-timed-out', detail: oneLine(ended.detail, 500) };
  }
}

/** Monitors that fire because we deploy would call people out of bed; the policy says for how long. */
async function quiet(record: HealingRecord, { service, quietMinutes, ...incident }: IncidentSummary, sha: string): Promise<void> {
  if (service === undefined || quietMinutes === undefined || record.input.settings.telemetry !== true) return;
  const environment = incident.environment ?? 'production';
  const key = `${record.key}/${sha}/quiet`;
  await record.tolerate(
    'that its monitors be quiet',
    act('quietMonitors', `keep the monitors of ${service} quiet for ${quietMinutes} minutes`, {
      key,
      service,
      environment,
      minutes: quietMinutes,
    }),
  );
}

/** What production showed. */
interface Shown {
  readonly verdict: 'better' | 'unchanged' | 'worse' | 'inconclusive';
  readonly detail: string;
}

/** Measures production until the judge has seen enough. */
async function verify(
  record: HealingRecord,
  control: Control,
  incident: IncidentSummary,
  before: HealthFacts | null,
  since: string,
): Promise<Shown> {
  const { verifyPollMs, verifyWindowMs, verifyTimeoutMs } = record.input.settings.timings;
  const windowMs = incident.windowMs ?? verifyWindowMs;
  // A longer window of the policy needs the time to pass twice: it begins again after a bad start.
  const timeoutMs = Math.max(verifyTimeoutMs, incident.windowMs === undefined ? 0 : 3 * incident.windowMs);
  record.move('verifying', 'Measures production');
  const started = Date.now();
  const after: HealthFacts[] = [];
  for (;;) {
    const reading = await readHealth(record, 'measure production', { since, windowMs });
    if (reading !== null) addReading(after, reading);
    const elapsedMs = Date.now() - started;
    const judged = await act('judgeHealth', 'did it work', { dossier: incident.dossier, before, after, windowMs, elapsedMs, timeoutMs });
    record.note(`Production: ${judged.verdict}: ${judged.detail}`);
    if (judged.verdict !== 'wait') {
      record.verified = reading;
      if (judged.verdict === 'better') {
        record.progress.mark('verified');
        record.step('verified', judged.detail);
      }
      if (judged.verdict === 'better') record.audit('verified', { readings: after.length, detail: oneLine(judged.detail, 300) });
      else record.audit('not-verified', { verdict: judged.verdict, detail: oneLine(judged.detail, 300) });
      return { verdict: judged.verdict, detail: oneLine(judged.detail, 400) };
    }
    if (elapsedMs > timeoutMs) return { verdict: 'inconclusive', detail: oneLine(`no verdict in time: ${judged.detail}`, 400) };
    await control.news(verifyPollMs, 'until the next reading of production');
  }
}

/** Nobody can tell from what was measured: a person says whether the fix stays. */
async function askPeople(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  verdict: Verdict,
  mergeSha: string,
  detail: string,
): Promise<Outcome> {
  const answer = await desk.ask(
    control,
    [`the fix is live, and whether it worked cannot be told: ${detail}`, 'approve keeps it, reject takes it back'],
    {
      name: 'keep',
      hash: `${mergeSha}${record.changeSet?.hash ?? ''}`.slice(0, 64),
      wanted: 'a decision is wanted: does the fix stay (approve) or is it taken back (reject)',
      move: 'Asks a person whether the fix stays',
    },
  );
  switch (answer.kind) {
    case 'approved':
      return {
        kind: 'healed',
        reason: 'kept-by-person',
        detail: oneLine(`${answer.by} keeps the fix; production could not tell: ${detail}`, 500),
      };
    case 'rejected':
      return await takeBack(record, control, verdict, mergeSha, 'person-said-no', `${answer.detail}.`);
    case 'changed':
    case 'end':
      return {
        kind: 'escalated',
        reason: 'health-inconclusive',
        detail: oneLine(`Whether it worked cannot be told, and nobody said: ${detail}`, 500),
      };
  }
}

/** One reading; null when production cannot be measured now, which the judge then sees as a gap. */
export async function readHealth(record: HealingRecord, summary: string, window: HealthWindow = {}): Promise<HealthFacts | null> {
  try {
    return await act('readHealth', summary, { dossier: record.currentIncident.dossier, reported: record.since, ...window });
  } catch (error) {
    if (isCancellation(error) || outcomeOfFailure(error) === null) throw error;
    record.note('Production could not be measured.');
    return null;
  }
}

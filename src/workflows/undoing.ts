import type { IncidentSummary, PublishedChange } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Verdict } from '../domain/verdict.schema.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import { deployed } from './deploying.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { Poll } from './poll.ts';

/** Why a fix that was deployed is taken back. */
export type UndoReason = Extract<Outcome['reason'], 'worse-after-deploy' | 'person-said-no'>;

/** Takes a deployed fix back, once and never further: what was live before is deployed again where the autonomy reaches that far, and a pull request undoes the commit. It is merged by us only when its checks are green: the failure that the fix was for comes back with it, so often a person must. */
export async function takeBack(
  record: HealingRecord,
  control: Control,
  verdict: Verdict,
  mergeSha: string,
  reason: UndoReason,
  why: string,
): Promise<Outcome> {
  const incident = record.currentIncident;
  record.move('undoing', `Takes the fix back: ${why}`);
  record.step('undone', why, { sha: mergeSha });
  record.audit('undo-begun', { reason, sha: mergeSha });
  const rolledBack = verdict.autonomy === 'deploy' ? await rollBack(record, control, incident, mergeSha) : null;
  const reverted = await revert(record, control, verdict, mergeSha, why);
  // What was live before is live again, or what is live now is the merged undoing of it.
  const calm =
    rolledBack?.kind === 'done' || (reverted.merged !== null && (await redeploy(record, control, verdict, incident, reverted.merged)));
  const detail = oneLine([why, rolledBack?.detail, reverted.detail].filter(Boolean).join(' '), 500);
  return { kind: calm ? 'reverted' : 'escalated', reason, detail };
}

/** Deploys the commit that was live before. */
async function rollBack(
  record: HealingRecord,
  control: Control,
  incident: IncidentSummary,
  mergeSha: string,
): Promise<{ readonly kind: 'done' | 'failed'; readonly detail: string }> {
  const { deployedSha } = incident;
  if (deployedSha === undefined) return { kind: 'failed', detail: 'What was live before is not known, so nothing was rolled back.' };
  await control.safePoint();
  const key = `${record.key}/${mergeSha}/rollback`;
  const ended = await deployed(record, control, incident, { sha: deployedSha, key, action: 'rollback' });
  if (ended.kind === 'watched')
    return { kind: 'failed', detail: `Somebody else deploys here: ${deployedSha.slice(0, 10)} must be rolled back by hand.` };
  if (ended.kind === 'success') return { kind: 'done', detail: `${deployedSha.slice(0, 10)} is live again.` };
  return { kind: 'failed', detail: `The roll-back to ${deployedSha.slice(0, 10)} did not work: ${ended.detail}.` };
}

/** A pull request that undoes the merged commit, merged where autonomy and its checks allow. */
async function revert(
  record: HealingRecord,
  control: Control,
  verdict: Verdict,
  mergeSha: string,
  why: string,
): Promise<{ readonly merged: string | null; readonly detail: string }> {
  const key = `${record.key}/${record.turn}/revert`;
  await control.safePoint();
  const opened = await act('publishRevert', `undo ${mergeSha.slice(0, 10)} by a pull request`, {
    key,
    healingId: record.id,
    repo: record.input.repo,
    dossier: record.currentIncident.dossier,
    sha: mergeSha,
    reason: oneLine(why, 300),
  });
  if (opened.kind === 'refused') return { merged: null, detail: `No pull request takes it back: ${opened.detail}.` };
  const { change } = opened;
  record.note(`Pull request #${change.number} takes it back`);
  await record.claim([why, `Pull request #${change.number} takes the fix back: ${change.url}`]);
  const left = (because: string) => ({
    merged: null,
    detail: `Pull request #${change.number} undoes the commit and waits for a person: ${because}.`,
  });
  if (verdict.autonomy !== 'merge' && verdict.autonomy !== 'deploy') return left('merging is theirs here');
  const checks = await checksOf(record, control, change);
  if (checks !== 'green') return left(checks);
  await control.safePoint();
  const merged = await act('merge', `merge pull request #${change.number}`, {
    key: `${key}/merge`,
    healingId: record.id,
    repo: record.input.repo,
    number: change.number,
    expectedHead: change.headSha,
  });
  if (merged.kind === 'refused') return left(merged.detail);
  record.audit('reverted', { number: change.number, sha: merged.sha });
  record.note(`Undone as ${merged.sha.slice(0, 10)}`);
  return { merged: merged.sha, detail: `Undone by pull request #${change.number}.` };
}

/** `green`, or why it is not. */
async function checksOf(record: HealingRecord, control: Control, change: PublishedChange): Promise<string> {
  const { checkPollMs, checkTimeoutMs } = record.input.settings.timings;
  const poll = new Poll(control, checkPollMs, checkTimeoutMs, 'until the next look at the checks of the undoing');
  for (let silent = 0; ; ) {
    const checks = await act('readChecks', 'read the checks of the undoing', {
      repo: record.input.repo,
      sha: change.headSha,
      branch: record.currentIncident.targetBranch,
    });
    if (checks.state === 'green') return 'green';
    if (checks.state === 'red') return `its checks are red, as what the fix was for is back (${oneLine(checks.detail, 150)})`;
    // Where a rule wants checks, a merge without any is refused by the forge.
    if (checks.state === 'none') silent += 1;
    if (silent > 1) return 'green';
    if (!(await poll.wait())) return 'its checks did not end in time';
  }
}

/** Brings the undoing to production where nothing was rolled back; true when it is there. */
async function redeploy(
  record: HealingRecord,
  control: Control,
  verdict: Verdict,
  incident: IncidentSummary,
  sha: string,
): Promise<boolean> {
  if (verdict.autonomy !== 'deploy') return false;
  await control.safePoint();
  return (await deployed(record, control, incident, { sha, key: `${record.key}/${sha}/deploy`, action: 'deployment' })).kind === 'success';
}

import type { Activities, AlertSummary, HealthFacts, HealthWindow, PlanSummary } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import { act } from './activity-options.ts';
import type { ApprovalDesk } from './approval.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { Poll } from './poll.ts';
import { addReading } from './readings.ts';

type Planned = Extract<Awaited<ReturnType<Activities['planAction']>>, { readonly kind: 'action' }>;

/** Actions that one healing tries at most. */
const ACTIONS = 3;

/** An incident was found that explains the alert, and the record has it; or this is the end. */
export type Explained = { readonly kind: 'incident' } | { readonly kind: 'end'; readonly outcome: Outcome };

/** Looks at evidence that arrived, if any did. */
export async function causeFound(record: HealingRecord, control: Control): Promise<Explained | null> {
  await control.safePoint();
  const fresh = await control.refresh();
  if (fresh.kind === 'end') return fresh;
  return record.incident === null ? null : { kind: 'incident' };
}

/** An alert stands and nothing in the repository shows why: what the server's owner defined and the policy names for this service is done, watched, and taken back if it did harm. Null where there is nothing to do, `explained` when the cause showed meanwhile. */
export async function actOnProduction(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  { service }: AlertSummary,
  why: string,
): Promise<Outcome | 'explained' | null> {
  const tried: string[] = [];
  const said: string[] = [];
  for (let number = 1; number <= ACTIONS; number += 1) {
    const planned = await act('planAction', 'is there anything to be done to production', {
      repo: record.input.repo,
      service,
      settings: record.input.settings,
      tried,
    });
    if (planned.kind === 'none') {
      if (number === 1) record.note(`Nothing to be done to production: ${planned.detail}`);
      said.push(planned.detail);
      break;
    }
    tried.push(planned.name);
    const outcome = await tryAction(record, control, desk, service, planned, number);
    if (typeof outcome !== 'string') return outcome;
    said.push(outcome);
    const found = await causeFound(record, control);
    if (found !== null) return found.kind === 'incident' ? 'explained' : found.outcome;
  }
  if (tried.length === 0) return null;
  return { kind: 'escalated', reason: 'still-failing-after-deploy', detail: oneLine(`${why} ${said.join(' ')}`, 500) };
}

/** What a plan without a change proposes to do to production; an outcome, or what it came to. */
export async function actAsPlanned(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  plan: PlanSummary,
): Promise<Outcome | string> {
  const said: string[] = [];
  for (const { service, planned, number } of await plannedActions(record, plan)) {
    const outcome = await tryAction(record, control, desk, service, planned, number);
    if (typeof outcome !== 'string') return outcome;
    said.push(outcome);
  }
  return said.length === 0 ? `proposes only: ${plan.title}` : said.join(' ');
}

/** What a plan proposes to do once its change is live: a restart, say. An outcome when that must end the story. */
export async function actAfterDeployment(record: HealingRecord, control: Control, desk: ApprovalDesk): Promise<Outcome | null> {
  if (record.plan === null) return null;
  for (const { service, planned, number } of await plannedActions(record, record.plan)) {
    const done = await carryOut(record, control, desk, service, planned, number);
    if (done.kind === 'end') return done.outcome;
    if (done.kind === 'not-done') record.note(done.detail);
  }
  return null;
}

/** The actions that a plan names, as the policy and the server have them; others are noted and left. */
async function plannedActions(
  record: HealingRecord,
  { proposals = [] }: PlanSummary,
): Promise<ReadonlyArray<{ readonly service: string; readonly planned: Planned; readonly number: number }>> {
  const service = record.currentIncident.service;
  const found: { service: string; planned: Planned; number: number }[] = [];
  for (const proposal of proposals) {
    if (proposal.kind !== 'production-action' || service === undefined) continue;
    const { name, choices } = proposal;
    const planned = await act('planAction', `may ${name} be done`, {
      repo: record.input.repo,
      service,
      settings: record.input.settings,
      tried: [],
      only: { name, choices },
    });
    if (planned.kind === 'none') record.note(`Not done: ${name}: ${planned.detail}`);
    else found.push({ service, planned, number: found.length + 1 });
  }
  return found.slice(0, ACTIONS);
}

/** What became of one action. */
type CarriedOut =
  | { readonly kind: 'done'; readonly before: HealthFacts }
  | { readonly kind: 'not-done'; readonly detail: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** Names an action of this turn in keys. */
const actionKey = (record: HealingRecord, number: number): string =>
  record.turn === 0 ? `${record.key}/action/${number}` : `${record.key}/action/${record.turn}/${number}`;

/** Asks where somebody must say yes, then does it. */
async function carryOut(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  service: string,
  planned: Planned,
  number: number,
): Promise<CarriedOut> {
  const { name, title, choices, environment, hash, rollbackTo } = planned;
  const chosen = Object.entries(choices).map(([key, value]) => `${key} ${value}`);
  const what = oneLine([`${name} on ${service} in ${environment}`, ...chosen].join(', '), 200);
  record.move('acting', `Would do: ${title}`);
  record.audit('action-planned', { name, service, environment, hash, decision: planned.decision });
  await record.claim([`Production action: ${title}`]);
  if (record.input.settings.dryRun)
    return { kind: 'end', outcome: { kind: 'healed', reason: 'dry-run', detail: oneLine(`Left undone: ${title}`, 500) } };
  if (planned.decision === 'ask') {
    const answer = await desk.ask(
      control,
      [planned.reason, what, `risk: ${planned.risk}`, planned.undoable ? 'it can be taken back' : 'it cannot be taken back'],
      {
        name: `action-${number}`,
        wanted: `approval is wanted for a production action: ${oneLine(title, 150)}`,
        move: 'Waits for a person to approve or reject the action',
        hash,
        about: { approvers: planned.approvers, approval: planned.approval, paths: [what] },
      },
    );
    if (answer.kind === 'end') return answer;
    if (answer.kind === 'rejected') return { kind: 'end', outcome: { kind: 'rejected', reason: 'person-said-no', detail: answer.detail } };
    if (answer.kind === 'changed') return { kind: 'not-done', detail: `${title}: the ground moved while a person was asked.` };
    record.move('acting', `Does: ${title}`);
  }
  await control.safePoint();
  const before = await reading(record, service, 'measure production before');
  const key = actionKey(record, number);
  const common = { healingId: record.id, repo: record.input.repo, service, environment, name, choices };
  const done = await act('performAction', title, { ...common, key, undo: false, ...(rollbackTo === undefined ? {} : { rollbackTo }) });
  record.note(`${title}: ${done.kind}: ${done.detail}`);
  if (done.kind === 'refused') return { kind: 'not-done', detail: `${title} was refused: ${done.detail}.` };
  if (done.kind === 'unknown')
    return { kind: 'end', outcome: { kind: 'escalated', reason: 'action-uncertain', detail: oneLine(`${title}: ${done.detail}`, 500) } };
  if (done.deployment !== undefined && !(await deployed(record, control, done.deployment)))
    return { kind: 'not-done', detail: `${title}: the deployment did not succeed.` };
  record.step('acted', title);
  return { kind: 'done', before };
}

/** Does one action and watches what it did; an outcome, or what this action came to where the next one may be tried. */
async function tryAction(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  service: string,
  planned: Planned,
  number: number,
): Promise<Outcome | string> {
  const { name, title, choices, environment } = planned;
  const done = await carryOut(record, control, desk, service, planned, number);
  if (done.kind === 'end') return done.outcome;
  if (done.kind === 'not-done') return done.detail;
  const shown = await watch(record, control, service, done.before, planned.windowMs);
  if (shown.verdict === 'better') return { kind: 'healed', reason: 'verified', detail: oneLine(`${title}. ${shown.detail}`, 500) };
  if (shown.verdict === 'inconclusive')
    return { kind: 'escalated', reason: 'health-inconclusive', detail: oneLine(`${title}. ${shown.detail}`, 500) };
  if (shown.verdict === 'unchanged') return `${title} changed nothing: ${shown.detail}.`;
  record.move('undoing', `Takes it back: ${shown.detail}`);
  await control.safePoint();
  const undone = await act('performAction', `take back: ${title}`, {
    healingId: record.id,
    repo: record.input.repo,
    service,
    environment,
    name,
    choices,
    key: `${actionKey(record, number)}/undo`,
    undo: true,
  });
  record.step('undone', title);
  const detail = `${title} made it worse: ${shown.detail}. ${undone.kind === 'done' ? 'It was taken back.' : `It could not be taken back: ${undone.detail}.`}`;
  return { kind: undone.kind === 'done' ? 'reverted' : 'escalated', reason: 'worse-after-deploy', detail: oneLine(detail, 500) };
}

async function deployed(record: HealingRecord, control: Control, id: string): Promise<boolean> {
  const { deployPollMs, deployTimeoutMs } = record.input.settings.timings;
  const poll = new Poll(control, deployPollMs, deployTimeoutMs, 'until the next look at the deployment');
  for (;;) {
    const { state } = await act('readDeployment', 'read the deployment', { repo: record.input.repo, id });
    if (state === 'success' || state === 'failure') return state === 'success';
    if (!(await poll.wait())) return false;
  }
}

async function watch(
  record: HealingRecord,
  control: Control,
  service: string,
  before: HealthFacts,
  wanted: number | undefined,
): Promise<{ readonly verdict: 'better' | 'unchanged' | 'worse' | 'inconclusive'; readonly detail: string }> {
  const { verifyPollMs, verifyWindowMs, verifyTimeoutMs } = record.input.settings.timings;
  const windowMs = wanted ?? verifyWindowMs;
  const timeoutMs = Math.max(verifyTimeoutMs, wanted === undefined ? 0 : 3 * wanted);
  record.move('verifying', 'Measures production');
  const since = new Date().toISOString();
  const started = Date.now();
  const after: HealthFacts[] = [];
  for (;;) {
    addReading(after, await reading(record, service, 'measure production', { since, windowMs }));
    const elapsedMs = Date.now() - started;
    const { verdict, detail } = await act('judgeHealth', 'did it help', { before, after, windowMs, elapsedMs, timeoutMs });
    record.note(`Production: ${verdict}: ${detail}`);
    if (verdict !== 'wait') return { verdict, detail: oneLine(detail, 300) };
    if (elapsedMs > timeoutMs) return { verdict: 'inconclusive', detail: oneLine(`no verdict in time: ${detail}`, 300) };
    await control.news(verifyPollMs, 'until the next reading of production');
  }
}

function reading(record: HealingRecord, service: string, summary: string, window: HealthWindow = {}): Promise<HealthFacts> {
  const { repo, settings } = record.input;
  return act('readServiceHealth', summary, { repo, service, settings, reported: record.since, ...window });
}

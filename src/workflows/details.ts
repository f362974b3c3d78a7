import type { TriedPlan } from '../activities/contract.ts';
import type { HealingState } from '../domain/healing-state.ts';
import type { HealingView } from '../domain/healing-view.ts';
import { plain } from './plain.ts';

const WAITS_FOR: Readonly<Record<HealingState, string>> = {
  received: 'further signals of the same problem',
  normalizing: 'evidence to be read',
  admitting: 'the coordinator of the repository',
  'waiting-for-slot': 'a free slot of the repository',
  reasoning: 'a plan',
  proving: 'the sandbox',
  'awaiting-approval': 'a person',
  publishing: 'the pull request to be opened',
  'waiting-for-checks': 'the checks of the pull request, or a person who merges it',
  merging: 'the merge',
  deploying: 'the deployment',
  verifying: 'production to show that it worked',
  escalating: 'people to be told',
  ending: 'the end to be written down',
  cooling: 'nothing: it stays open for a while and absorbs repeats',
  closed: 'nothing',
};

/** Timeline lines shown in the Web UI; the query has all. */
const LINES = 15;

/** One healing in markdown for the Web UI: what broke, what was tried, what it waits for and who can decide. Text from outside is escaped. */
export function describeHealing(view: HealingView, tried: readonly TriedPlan[], repeats: number): string {
  const lines = [`### ${plain(view.title)}`, ''];
  if (view.cause !== undefined) lines.push(`**Cause** (${view.class ?? 'unknown'}): ${plain(view.cause, 400)}`, '');
  lines.push(
    `**State:** ${view.state}${view.attempt > 0 ? `, attempt ${view.attempt}` : ''}${view.paused ? ', **paused by a person**' : ''}`,
    '',
  );
  if (view.outcome) lines.push(`**Outcome:** ${view.outcome.kind} (${view.outcome.reason}): ${plain(view.outcome.detail, 400)}`, '');
  else lines.push(`**Waits for:** ${WAITS_FOR[view.state]}`, '');
  if (view.approval) {
    const who = view.approval.approvers.length > 0 ? view.approval.approvers.map((id) => plain(id)).join(', ') : 'any maintainer';
    lines.push(`**Who can decide:** ${who}`, '');
    lines.push(
      `**Change:** ${view.approval.paths.map((path) => plain(path)).join(', ')}; set \`${view.approval.changeSetHash.slice(0, 12)}\``,
      '',
    );
    for (const reason of view.approval.reasons) lines.push(`- asked because: ${plain(reason, 300)}`);
    lines.push('', '```', `suture approve ${view.healingId}`, `suture reject ${view.healingId}`, '```', '');
  }
  if (view.pullRequest) lines.push(`**Pull request:** \\#${view.pullRequest.number} on ${plain(view.pullRequest.branch)}`, '');
  if (tried.length > 0) {
    lines.push('**Tried:**', '');
    for (const [index, plan] of tried.entries())
      lines.push(`${index + 1}. ${plain(plan.strategy)}: ${plain(plan.planTitle)}. ${plain(plan.result, 300)}`);
    lines.push('');
  }
  lines.push(
    `**Signals:** ${view.signals}${repeats > 0 ? ` (${repeats} repeats)` : ''}`,
    '',
    '| when | state | what |',
    '| --- | --- | --- |',
  );
  for (const line of view.timeline.slice(-LINES)) lines.push(`| ${line.at} | ${line.state} | ${plain(line.text)} |`);
  return lines.join('\n');
}

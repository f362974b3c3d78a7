import type { PlanSummary, TriedPlan } from '../activities/contract.ts';
import { deciders } from '../domain/approvers.ts';
import type { HealingState } from '../domain/healing-state.ts';
import type { HealingView } from '../domain/healing-view.ts';
import type { Proof } from '../domain/proof.schema.ts';
import { plain } from './plain.ts';

const WAITS_FOR: Readonly<Record<HealingState, string>> = {
  received: 'further signals of the same problem',
  normalizing: 'the evidence of the forge',
  admitting: 'the coordinator of the repository to let it in',
  'waiting-for-slot': 'another healing of this repository to end',
  reproducing: 'the sandbox to run the failing check as it is',
  reasoning: 'a cause and a repair to be found',
  proving: 'the sandbox to run the checks without and with the repair',
  'awaiting-approval': 'a person to approve or reject the change',
  publishing: 'the pull request to be opened',
  'waiting-for-checks': 'the checks of the pull request, or a person who merges it',
  merging: 'the merge',
  correlating: 'what explains the alert',
  acting: 'a production action',
  deploying: 'the deployment',
  verifying: 'production to show that it worked',
  undoing: 'the fix to be taken back',
  escalating: 'people to be told',
  ending: 'the end to be written down',
  cooling: 'nothing: it stays open for a while and absorbs repeats',
  watching: 'nothing: production is looked at again later',
  closed: 'nothing',
};

/** Timeline lines shown in the Web UI; the query has all. */
const LINES = 15;

/** What the page of a healing shows beside its view. */
export interface DetailsExtra {
  readonly plan: PlanSummary | null;
  readonly proof: Proof | null;
  readonly tried: readonly TriedPlan[];
  readonly repeats: number;
}

/** One healing in markdown for the Web UI: what broke, what it waits for, who can decide, what was tried. Text from outside is escaped. */
export function describeHealing(view: HealingView, { plan, proof, tried, repeats }: DetailsExtra): string {
  const lines = [`### ${plain(view.title)}`, '', ...standing(view)];
  if (view.cause !== undefined) lines.push(`**Cause** (${view.class ?? 'unknown'}): ${plain(view.cause, 400)}`, '');
  if (plan) lines.push(`**Repair:** ${plain(plan.title)} (strategy ${plain(plan.strategy)}, ${plan.risk} risk${sizeOf(view.repair)})`, '');
  if (proof?.verdict === 'proven')
    lines.push('**Proof:** the check fails without the repair, before and after, passes twice with it, and nothing else fails newly', '');
  if (view.decision) lines.push(`**Decision:** ${view.decision.verdict} by ${plain(view.decision.by)}`, '');
  if (view.approval && !view.decision) lines.push(...question(view.healingId, view.approval));
  if (view.pullRequest) lines.push(`**Pull request:** \\#${view.pullRequest.number} on ${plain(view.pullRequest.branch)}`, '');
  if (tried.length > 0) {
    lines.push('**Tried before:**', '');
    for (const [index, each] of tried.entries())
      lines.push(`${index + 1}. ${plain(each.strategy)}: ${plain(each.planTitle)}. ${plain(each.result, 300)}`);
    lines.push('');
  }
  lines.push(`**Signals:** ${view.signals}${repeats > 0 ? `, ${repeats} of them repeats` : ''}`, '', ...timeline(view));
  return lines.join('\n');
}

function standing(view: HealingView): readonly string[] {
  const attempt = view.attempt > 0 ? `, attempt ${view.attempt}` : '';
  const paused = view.paused ? ['**Paused by a person:** it goes on when the repository is resumed', ''] : [];
  if (view.outcome) {
    const { kind, reason, detail } = view.outcome;
    return [`**Outcome:** ${kind} (${reason}): ${plain(detail, 400)}`, '', ...paused];
  }
  return [...paused, `**Waits for:** ${WAITS_FOR[view.state]} (${view.state}${attempt})`, ''];
}

function sizeOf(repair: HealingView['repair']): string {
  return repair?.hash === undefined ? '' : `, +${repair.additions} −${repair.deletions} lines`;
}

function question(healingId: string, approval: NonNullable<HealingView['approval']>): readonly string[] {
  const diff =
    approval.diff === undefined ? [] : [`**Diff:** artifact \`${approval.diff.sha256.slice(0, 12)}\`, ${approval.diff.size} bytes`, ''];
  return [
    `**Changes:** ${approval.paths.map((path) => plain(path)).join(', ')} (change set \`${approval.changeSetHash.slice(0, 12)}\`)`,
    '',
    '**Why a person is asked:**',
    '',
    ...approval.reasons.map((reason) => `- ${plain(reason, 300)}`),
    '',
    ...diff,
    `**Who can decide:** ${plain(deciders(approval), 600)}${approval.until === undefined ? '' : `, until ${approval.until.slice(0, 16).replace('T', ' ')} UTC`}, with one of`,
    '',
    '```',
    `suture approve ${healingId}`,
    `suture reject ${healingId}`,
    `suture delegate ${healingId} <somebody else>`,
    '```',
    '',
  ];
}

/** Times of today, as of the last line, are shown without the date: the column is narrow. */
function timeline(view: HealingView): readonly string[] {
  const shown = view.timeline.slice(-LINES);
  const today = shown.at(-1)?.at.slice(0, 10);
  return [
    `**Last steps**${today === undefined ? '' : `, the last on ${today}`}`,
    '',
    '| time, UTC | state | what |',
    '| --- | --- | --- |',
    ...shown.map(({ at, state, text }) => {
      const when = at.startsWith(today ?? '') ? at.slice(11, 19) : `${at.slice(0, 10)} ${at.slice(11, 16)}`;
      return `| ${when} | ${state} | ${plain(text)} |`;
    }),
  ];
}

import type { HealingView } from '../../domain/healing-view.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { type Output, plain } from '../output.ts';
import { diffLines, questionLines, readDiff, repairLines } from '../show-change.ts';

function describe(view: HealingView, link: string | undefined): string {
  const lines = [
    `${view.healingId}`,
    `  state     ${view.state}${view.paused ? ' (paused)' : ''}, attempt ${view.attempt}, ${view.signals} signal(s)`,
    ...(view.joined ?? []).map(({ healingId, why }) => `  joined    ${healingId}${why === '' ? '' : `: ${why}`}; suture split undoes it`),
    ...repairLines(view).map((line) => `  ${line}`),
    ...(view.pullRequest === undefined ? [] : [`  proposed  pull request ${view.pullRequest.number} from ${view.pullRequest.branch}`]),
    ...(view.decision === undefined ? [] : [`  decided   ${view.decision.verdict} by ${view.decision.by}`]),
    ...(view.approval === undefined || view.decision !== undefined
      ? []
      : [...questionLines(view).map((line) => `  ${line}`), `  decide    npm run approve -- ${view.healingId}`]),
    ...(view.outcome === undefined ? [] : [`  outcome   ${view.outcome.kind} (${view.outcome.reason}): ${view.outcome.detail}`]),
    ...(link === undefined ? [] : [`  Web UI    ${link}`]),
  ];
  return lines.map(plain).join('\n');
}

/** The whole diff of what waits for a decision. */
async function showDiff({ approval, healingId }: HealingView, stateDir: string, out: Output): Promise<number> {
  const diff = approval?.diff === undefined ? null : await readDiff(stateDir, approval.diff);
  if (diff === null) {
    out.bad(
      approval?.diff === undefined ? `${healingId} has no change that waits for a decision` : 'the diff lies on the machine that serves',
    );
    return EXIT_CODES.notFound.code;
  }
  out.result(diffLines(diff, healingId, true).join('\n'), { diff });
  return EXIT_CODES.ok.code;
}

/** `suture status [healing]`: one healing in full, or a line for each. */
export async function status(
  healing: string | undefined,
  options: { readonly all: boolean; readonly diff: boolean },
  out: Output,
): Promise<number> {
  return withHealings(process.env, async (healings, stateDir) => {
    if (healing !== undefined) {
      const view = await healings.view(healing);
      if (view === null) {
        out.bad(`no healing is named ${healing}`);
        return EXIT_CODES.notFound.code;
      }
      if (options.diff) return showDiff(view, stateDir, out);
      out.result(describe(view, healings.webUiUrl(healing)), view);
      return EXIT_CODES.ok.code;
    }
    const listed = await healings.list({ running: !options.all, limit: 200 });
    const lines = listed.map(
      (each) =>
        `${plain(each.healingId).padEnd(50)} ${(each.outcome === '' ? each.state : each.outcome).padEnd(20)} since ${each.startedAt}`,
    );
    out.result(lines.length === 0 ? 'no healing is under way' : lines.join('\n'), listed);
    return EXIT_CODES.ok.code;
  });
}

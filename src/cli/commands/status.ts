import type { HealingView } from '../../domain/healing-view.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { type Output, plain } from '../output.ts';

function describe(view: HealingView, link: string | undefined): string {
  const lines = [
    `${view.healingId}`,
    `  state     ${view.state}${view.paused ? ' (paused)' : ''}, attempt ${view.attempt}, ${view.signals} signal(s)`,
    `  problem   ${view.title}`,
    ...(view.cause === undefined ? [] : [`  cause     ${view.cause}${view.class === undefined ? '' : ` (${view.class})`}`]),
    ...(view.strategy === undefined ? [] : [`  strategy  ${view.strategy}`]),
    ...(view.pullRequest === undefined ? [] : [`  change    pull request ${view.pullRequest.number} from ${view.pullRequest.branch}`]),
    ...(view.approval === undefined
      ? []
      : [
          `  waits for ${view.approval.approvers.length > 0 ? view.approval.approvers.join(', ') : 'a maintainer'}: npm run approve -- ${view.healingId}`,
        ]),
    ...(view.outcome === undefined ? [] : [`  outcome   ${view.outcome.kind} (${view.outcome.reason}): ${view.outcome.detail}`]),
    ...(link === undefined ? [] : [`  Web UI    ${link}`]),
  ];
  return lines.map(plain).join('\n');
}

/** `suture status [healing]`: one healing in full, or a line for each. */
export async function status(healing: string | undefined, options: { readonly all: boolean }, out: Output): Promise<number> {
  return withHealings(process.env, async (healings) => {
    if (healing !== undefined) {
      const view = await healings.view(healing);
      if (view === null) {
        out.bad(`no healing is named ${healing}`);
        return EXIT_CODES.notFound.code;
      }
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

import { z } from 'zod';
import { deciders } from '../../../domain/approvers.ts';
import { Failure } from '../../../domain/failure.ts';
import type { HealingView } from '../../../domain/healing-view.ts';
import { IncidentId } from '../../../domain/incident-id.schema.ts';
import { defineTool, type ToolCall } from '../../tool.ts';

/** Asks a running healing to look again and go on; false when none runs. */
export type Nudge = (incident: string, by: ToolCall['caller']) => Promise<boolean>;

const Output = z.object({
  status: z.enum(['open', 'waits-for-approval', 'paused', 'at-work', 'ended']),
  detail: z.string().max(500),
  pull_request: z.object({ number: z.number().int(), url: z.string(), branch: z.string() }).nullable(),
  change_set_hash: z.string().nullable(),
});

/** Where the pull request of a healing is, without touching anything. */
function standing(view: HealingView): z.infer<typeof Output> {
  const { approval, outcome, papers, paused, pullRequest } = view;
  const common = { pull_request: pullRequest ?? null, change_set_hash: approval?.changeSetHash ?? papers?.changeSet?.hash ?? null };
  if (pullRequest !== undefined) return { ...common, status: 'open', detail: `pull request ${pullRequest.number} is there already` };
  if (outcome !== undefined)
    return {
      ...common,
      status: 'ended',
      detail: `the healing has ended, ${outcome.kind} (${outcome.reason}): ${outcome.detail}`.slice(0, 500),
    };
  if (approval !== undefined)
    return { ...common, status: 'waits-for-approval', detail: `a person decides first: ${deciders(approval)}; no agent can`.slice(0, 500) };
  if (paused) return { ...common, status: 'paused', detail: 'a person paused it; a person lets it go on' };
  return {
    ...common,
    status: 'at-work',
    detail: 'it was asked to go on; the pull request is opened once the change is proven and policy allows it',
  };
}

/** Finds the pull request of a healing, or asks the healing to go on towards it. */
export const openPullRequestTool = (view: (incident: string) => Promise<HealingView | null>, nudge: Nudge) =>
  defineTool({
    name: 'open_pull_request',
    title: 'Ask for the pull request of a healing',
    description:
      'Answers with the pull request of an incident, or asks its healing to go on towards one and says what it waits for. Only the healing opens pull requests: of a change that was proven, within the autonomy of the repository, after the approval that its policy asks for. It cannot approve, and it cannot publish a change of yours.',
    input: z.strictObject({ incident: IncidentId }),
    output: Output,
    effect: 'adds',
    idempotent: true,
    least: 'collaborator',
    async run({ incident }, { caller }) {
      const seen = await view(incident);
      if (seen === null) throw new Failure('repository-gone', `no healing is known for ${incident}; report the problem first`);
      const answer = standing(seen);
      if (answer.status === 'at-work') await nudge(incident, caller);
      return answer;
    },
  });

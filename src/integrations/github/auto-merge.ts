import type { Refused } from '../contract.ts';
import { type Api, GraphqlRefusal } from './api.ts';
import { refused } from './refused.ts';

const ENABLE = `mutation($id: ID!, $head: GitObjectID!, $method: PullRequestMergeMethod!) {
  enablePullRequestAutoMerge(input: { pullRequestId: $id, expectedHeadOid: $head, mergeMethod: $method }) { pullRequest { number } }
}`;

/**
 * Asks GitHub to merge by itself once its rules are met: the way into a merge queue. GitHub refuses where the pull request could be merged at
 * once ("clean status"), where a check failed ("unstable status"), and where the repository does not allow it.
 */
export async function mergeLater(
  api: Api,
  pull: { readonly id: string; readonly head: string; readonly method: 'merge' | 'squash' | 'rebase' },
): Promise<Refused> {
  try {
    await api.graphql(ENABLE, { id: pull.id, head: pull.head, method: pull.method.toUpperCase() });
    return refused('queued', 'GitHub merges it when the rules of the branch are met');
  } catch (error) {
    if (!(error instanceof GraphqlRefusal)) throw error;
    const said = error.messages.join('; ');
    if (/already enabled|already in the queue/i.test(said)) return refused('queued', said);
    return refused(/expected ?head|head sha/i.test(said) ? 'head-moved' : 'protected', said);
  }
}

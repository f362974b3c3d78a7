import { Failure } from '../../domain/failure.ts';
import type { CheckFacts, Refused } from '../contract.ts';
import { Refusal } from './answer.ts';
import type { Api } from './api.ts';
import { mergeLater } from './auto-merge.ts';
import { pullFacts, readPull } from './pull-requests.ts';
import { refused } from './refused.ts';
import type { BranchRules } from './rules.ts';

/** GitHub computes in the background whether a pull request can be merged. */
const COMPUTING_MS = 3000;

type Method = 'merge' | 'squash' | 'rebase';

/** The first method that the repository allows, in GitHub's own order. */
async function methodOf(api: Api): Promise<Method> {
  const { data } = await api.call('GET /repos/{owner}/{repo}');
  if (data.allow_merge_commit !== false) return 'merge';
  return data.allow_squash_merge === false ? 'rebase' : 'squash';
}

/** What a refused merge means: 405 covers checks, reviews, conflicts and a base that moved. */
function reasonOf({ status, message }: Refusal): Refused {
  if (status === 409) return refused('head-moved', message);
  if (/base branch was modified/i.test(message)) throw new Failure('conflict', message, { retryAfterMs: COMPUTING_MS });
  if (/status check|check.*(expected|required|failing|pending)/i.test(message)) return refused('checks-missing', message);
  if (/review|protected|rule|required|changes must be made through|not authorized/i.test(message)) return refused('protected', message);
  if (/conflict|not mergeable/i.test(message)) return refused('conflict', message);
  return refused('not-allowed', message);
}

/** See `ForgeChanges.merge`. Rules are GitHub's to enforce; what is known before is not even tried. */
export async function mergePull(
  api: Api,
  number: number,
  expectedHead: string,
  checks: (sha: string, branch: string) => Promise<readonly CheckFacts[]>,
  rules: (branch: string) => Promise<BranchRules>,
): Promise<{ readonly kind: 'merged'; readonly sha: string } | Refused> {
  const pull = await readPull(api, number);
  if (pull === null) return refused('closed', `there is no pull request ${number}`);
  const facts = await pullFacts(api, pull);
  if (facts.state === 'closed') return refused('closed', `pull request ${number} was closed by ${facts.closedBy ?? 'somebody'}`);
  if (facts.headSha !== expectedHead) return refused('head-moved', `the head of pull request ${number} is ${facts.headSha}`);
  if (facts.state === 'merged') return { kind: 'merged', sha: facts.mergeSha ?? facts.headSha };
  if (facts.fromFork || pull.draft === true)
    return refused('not-allowed', `pull request ${number} is ${pull.draft === true ? 'a draft' : 'from another repository'}`);
  const missing = (await checks(expectedHead, facts.baseBranch)).filter(
    (check) => check.required && check.conclusion !== 'success' && check.conclusion !== 'neutral',
  );
  if (missing.length > 0)
    return refused('checks-missing', `required checks that are not green: ${missing.map((check) => check.name).join(', ')}`);
  const method = await methodOf(api);
  const { mergeQueue } = await rules(facts.baseBranch);
  if (mergeQueue) return mergeLater(api, { id: pull.node_id, head: expectedHead, method });
  try {
    const { data } = await api.call('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
      pull_number: number,
      sha: expectedHead,
      merge_method: method,
    });
    return { kind: 'merged', sha: data.sha };
  } catch (error) {
    if (!(error instanceof Refusal) || ![403, 404, 405, 409, 422].includes(error.status)) throw error;
    // An earlier try whose answer was lost may have been at work still: what it did counts.
    const now = await readPull(api, number);
    if (now?.merged_at && now.head.sha === expectedHead) return { kind: 'merged', sha: now.merge_commit_sha ?? now.head.sha };
    // The head is where it was: a race of GitHub's own.
    if (error.status === 409 && now?.state === 'open' && now.head.sha === expectedHead)
      throw new Failure('conflict', error.message, { cause: error, retryAfterMs: COMPUTING_MS });
    return reasonOf(error);
  }
}

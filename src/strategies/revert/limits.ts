import type { CommitFacts } from '../../domain/incident.schema.ts';
import type { StrategyRefusal } from '../../domain/plan.schema.ts';
import type { StrategyContext } from '../contract.ts';
import { refuser } from '../refuse.ts';

/** Why a revert is not proposed. */
export const REFUSES = {
  'switched-off': 'the policy switches reverts off',
  flaky: 'the check is red and green at one revision: a revert would prove nothing',
  'no-green-revision': 'no revision is known on which the check was green',
  'nothing-changed': 'no commit since the check was green',
  'too-many-commits': 'more commits since green than are listed',
  'no-line': 'the history between green and red cannot be followed along first parents',
  'day-full': 'as many reverts as the policy allows in one day were proposed today',
  'not-verified': 'no commit was seen red, and its parent green, often enough',
  'too-old': 'the culprit is older than the policy allows',
  'opted-out': 'the culprit carries the label that forbids it',
  'is-a-revert': 'the culprit is a revert itself: people disagree',
  'reverted-already': 'somebody reverted the culprit already, and it is red all the same',
  'proposed-before': 'a revert of this commit was proposed before: once is enough, whatever became of it',
  'has-dependents': 'later commits build on the culprit',
} as const;
export const no = refuser('revert', REFUSES);

const DAY_MS = 24 * 3_600_000;
/** Later commits in the same files: so many are shown to a person, more are a development of their own. */
const MAX_DEPENDENTS = 5;

/** Later commits that touch the same files, or name the commit. */
export function dependentsOf(commit: CommitFacts, later: readonly CommitFacts[]): readonly CommitFacts[] {
  return later.filter(
    ({ paths, subject }) => paths.some((path) => commit.paths.includes(path)) || subject.includes(commit.sha.slice(0, 7)),
  );
}

/** Why this commit is not to be undone though it did it, or null. `later` is what came after it, newest first. */
export function forbids(context: StrategyContext, commit: CommitFacts, later: readonly CommitFacts[]): StrategyRefusal | null {
  const { maxAgeDays, optOutLabel } = context.policy.revert;
  const short = commit.sha.slice(0, 8);
  if ((Date.parse(context.now) - Date.parse(commit.at)) / DAY_MS > maxAgeDays)
    return no.refusal('too-old', `the culprit ${short} is older than ${maxAgeDays} days`);
  if (commit.subject.includes(`[${optOutLabel}]`)) return no.refusal('opted-out', `the culprit ${short} opts out of reverts`);
  if (/^revert\b/i.test(commit.subject)) return no.refusal('is-a-revert', `the culprit ${short} is a revert itself`);
  if (later.some(({ subject }) => subject === `Revert "${commit.subject}"`))
    return no.refusal('reverted-already', `the culprit ${short} was reverted already, and it is red all the same`);
  if (context.reverts?.before.includes(commit.sha) === true)
    return no.refusal('proposed-before', `a revert of ${short} was proposed before`);
  const dependents = dependentsOf(commit, later);
  return dependents.length > MAX_DEPENDENTS
    ? no.refusal('has-dependents', `${dependents.length} later commits build on the culprit ${short}`)
    : null;
}

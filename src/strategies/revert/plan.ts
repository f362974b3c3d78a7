import type { CommitFacts } from '../../domain/incident.schema.ts';
import type { StrategyRefusal } from '../../domain/plan.schema.ts';
import type { StrategyAnswer, StrategyContext } from '../contract.ts';
import { dependentsOf, forbids, no } from './limits.ts';
import { search } from './search.ts';
import { weightsOf } from './weights.ts';

/** The first-parent line from the head back to the last green revision, newest first; null when it cannot be followed. */
function lineOf({ incident: { commits, headSha, lastGreenSha } }: StrategyContext): readonly CommitFacts[] | null {
  const bySha = new Map(commits.map((commit) => [commit.sha, commit]));
  const line: CommitFacts[] = [];
  let sha: string | undefined = headSha;
  while (sha !== undefined && sha !== lastGreenSha) {
    const commit = bySha.get(sha);
    // A history without an end is none.
    if (commit === undefined || line.length >= commits.length) return null;
    line.push(commit);
    sha = commit.parents[0];
  }
  return sha === undefined ? null : line;
}

/** Why reverting is out of the question before any search, or null. */
export function precondition(context: StrategyContext): StrategyRefusal | null {
  const { incident, policy, reproduction, reverts } = context;
  if (!policy.revert.enabled) return no.refusal('switched-off', 'the policy file switches reverts off');
  if (reproduction?.verdict === 'flaky') return no.refusal('flaky', 'the check is red and green at one revision');
  if (incident.lastGreenSha === undefined) return no.refusal('no-green-revision', 'no revision is known on which the check was green');
  if (incident.commits.length === 0) return no.refusal('nothing-changed', 'no commit since the check was green');
  if (incident.commitsTruncated) return no.refusal('too-many-commits', 'too many commits since the check was green');
  if ((reverts?.today ?? 0) >= policy.revert.maxPerDay)
    return no.refusal('day-full', `the policy allows ${policy.revert.maxPerDay} reverts in one day`);
  return lineOf(context) === null
    ? no.refusal('no-line', 'the history between green and red cannot be followed along first parents')
    : null;
}

/** Runs of the head before the search: that it is red is how anybody knows. */
function headRuns({ reproduction }: StrategyContext): { readonly red: number; readonly green: number } {
  const runs = (reproduction?.runs ?? []).filter(({ setupFailed }) => !setupFailed);
  const green = runs.filter(({ exitCode }) => exitCode === 0).length;
  return { red: Math.max(1, runs.length - green), green };
}

/** Search, verify, then propose to undo the culprit within the limits of the policy. */
export function planRevert(context: StrategyContext): StrategyAnswer {
  const before = precondition(context);
  const line = lineOf(context);
  const green = context.incident.lastGreenSha;
  if (before !== null || line === null || green === undefined)
    return { kind: 'refused', refusal: before ?? no.refusal('no-line', 'no line of history') };
  const commits = line.map(({ sha }) => sha);
  const found = search({ commits, green, weights: weightsOf(context, line), head: headRuns(context) }, context.probes);
  if (found.kind === 'probe') return { kind: 'probe', probe: { strategy: 'revert', sha: found.sha, round: found.round } };
  const commit = found.kind === 'found' ? line[found.index] : undefined;
  if (found.kind === 'unverified' || commit === undefined)
    return no.answer('not-verified', found.kind === 'unverified' ? found.why : 'the culprit is not among the known commits');
  const later = line.slice(0, found.index);
  const forbidden = forbids(context, commit, later);
  if (forbidden !== null) return { kind: 'refused', refusal: forbidden };
  const dependents = dependentsOf(commit, later).length;
  const merge = commit.parents.length > 1;
  const flaky = found.contradictions > 0 ? ` Runs contradicted each other at ${found.contradictions} revision(s), so more were made.` : '';
  return {
    kind: 'plan',
    plan: {
      strategy: 'revert',
      title: `Revert ${commit.sha.slice(0, 8)}`,
      rationale:
        `The check is red at ${commit.sha.slice(0, 8)} and green at its parent, each seen three times${dependents > 0 ? `; ${dependents} later commit(s) touch the same files` : ''}. ` +
        `One of ${commits.length} commit(s), found in ${found.runs} run(s), certain to ${(found.certainty * 100).toFixed(1)} %.${flaky}`,
      steps: [{ kind: 'revert-commit', sha: commit.sha, ...(merge ? { mainline: 1 } : {}) }],
      risk: dependents > 0 ? 'high' : merge ? 'medium' : 'low',
      // A test that is red and green at one revision may have turned green by itself: a person looks at it, whatever the autonomy.
      ...(found.contradictions > 0 ? { always: 'ask' as const } : {}),
    },
  };
}

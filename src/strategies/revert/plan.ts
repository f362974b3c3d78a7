import type { StrategyRefusal } from '../../domain/plan.schema.ts';
import type { StrategyAnswer, StrategyContext } from '../contract.ts';
import { bisect } from './bisect.ts';

/** A refusal of this strategy. */
export function refusal(code: string, detail: string): StrategyRefusal {
  return { strategy: 'revert', code, detail: detail.slice(0, 300) };
}

const DAY_MS = 24 * 3_600_000;

/** The first-parent line from the head back to the last green revision; null when it cannot be followed. */
function line(context: StrategyContext): readonly string[] | null {
  const { commits, headSha, lastGreenSha } = context.incident;
  const bySha = new Map(commits.map((commit) => [commit.sha, commit]));
  const path: string[] = [];
  let sha: string | undefined = headSha;
  while (sha !== undefined && sha !== lastGreenSha) {
    const commit = bySha.get(sha);
    if (commit === undefined) return null;
    path.push(sha);
    sha = commit.parents[0];
  }
  return sha === undefined ? null : path;
}

/** Why reverting is out of the question before any search, or null. */
export function precondition(context: StrategyContext): StrategyRefusal | null {
  const { incident, policy } = context;
  if (!policy.revert.enabled) return refusal('switched-off', 'the policy file switches reverts off');
  if (incident.lastGreenSha === undefined) return refusal('no-green-revision', 'no revision is known on which the check was green');
  if (incident.commits.length === 0) return refusal('nothing-changed', 'no commit since the check was green');
  if (incident.commitsTruncated) return refusal('too-many-commits', 'too many commits since the check was green');
  return line(context) === null ? refusal('no-line', 'the history between green and red cannot be followed along first parents') : null;
}

/** Search, verify, then propose to undo the culprit within the limits of the policy. */
export function planRevert(context: StrategyContext): StrategyAnswer {
  const no = (code: string, detail: string): StrategyAnswer => ({ kind: 'refused', refusal: refusal(code, detail) });
  const before = precondition(context);
  const path = line(context);
  const green = context.incident.lastGreenSha;
  if (before !== null || path === null || green === undefined)
    return { kind: 'refused', refusal: before ?? refusal('no-line', 'no line of history') };
  const search = bisect(path, green, context.probes);
  if (search.kind === 'probe') return { kind: 'probe', probe: { strategy: 'revert', sha: search.sha, round: search.round } };
  if (search.kind === 'unverified') return no('not-verified', search.why);
  const commit = context.incident.commits.find((candidate) => candidate.sha === path[search.index]);
  if (commit === undefined) return no('no-line', 'the culprit is not among the known commits');
  const { maxAgeDays, optOutLabel } = context.policy.revert;
  if ((Date.parse(context.now) - Date.parse(commit.at)) / DAY_MS > maxAgeDays)
    return no('too-old', `the culprit ${commit.sha.slice(0, 8)} is older than ${maxAgeDays} days`);
  if (commit.subject.includes(`[${optOutLabel}]`)) return no('opted-out', `the culprit ${commit.sha.slice(0, 8)} opts out of reverts`);
  if (/^revert\b/i.test(commit.subject)) return no('is-a-revert', `the culprit ${commit.sha.slice(0, 8)} is a revert itself`);
  const later = path.slice(0, search.index).map((sha) => context.incident.commits.find((candidate) => candidate.sha === sha));
  const dependents = later.filter((candidate) => candidate?.paths.some((touched) => commit.paths.includes(touched)) === true).length;
  return {
    kind: 'plan',
    plan: {
      strategy: 'revert',
      title: `Revert ${commit.sha.slice(0, 8)}`,
      rationale: `The check is red at ${commit.sha.slice(0, 8)} and green at its parent, each seen twice${dependents > 0 ? `; ${dependents} later commit(s) touch the same files` : ''}.`,
      steps: [{ kind: 'revert-commit', sha: commit.sha, ...(commit.parents.length > 1 ? { mainline: 1 } : {}) }],
      risk: dependents > 0 ? 'high' : commit.parents.length > 1 ? 'medium' : 'low',
    },
  };
}

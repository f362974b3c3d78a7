import { statusesOf } from './statuses.ts';
import type { Json } from './wire.ts';
import type { World } from './world.ts';

/** Checks that protection and rules of a branch require. */
export async function requiredChecks(world: World, repo: string, branch: string): Promise<readonly string[]> {
  const protection = await world.upstream.find(`/repos/${repo}/branches/${encodeURIComponent(branch)}/protection`);
  const rules = (world.rules.get(repo.toLowerCase()) ?? []).filter((rule) => rule.branch === branch);
  return [...new Set<string>([...(protection?.required_status_checks?.contexts ?? []), ...rules.flatMap((rule) => rule.checks)])];
}

/** Approvals that protection of a branch requires. */
export async function requiredApprovals(world: World, repo: string, branch: string): Promise<number> {
  const protection = await world.upstream.find(`/repos/${repo}/branches/${encodeURIComponent(branch)}/protection`);
  return protection?.required_pull_request_reviews?.required_approving_review_count ?? 0;
}

const SATISFIES = new Set(['success', 'neutral', 'skipped']);

/** A required check that is not green, and why. */
export interface MissingCheck {
  readonly name: string;
  readonly state: 'expected' | 'failing' | 'pending';
}

/** Required checks that are not green on a commit, each with why. */
export async function missingChecks(world: World, repo: string, branch: string, sha: string): Promise<readonly MissingCheck[]> {
  const names = await requiredChecks(world, repo, branch);
  if (names.length === 0) return [];
  const { check_runs: runs } = await world.upstream.admin('GET', `/repos/${repo}/commits/${sha}/check-runs?filter=all`);
  const statuses = statusesOf(world, repo, sha);
  return names.flatMap((name): MissingCheck[] => {
    const run = runs.filter((one: Json) => one.name === name).sort((one: Json, other: Json) => other.id - one.id)[0];
    const status = statuses.find((one) => one.context === name);
    if (run === undefined && status === undefined) return [{ name, state: 'expected' }];
    const failed =
      (run?.status === 'completed' && !SATISFIES.has(run.conclusion)) || status?.state === 'failure' || status?.state === 'error';
    if (failed) return [{ name, state: 'failing' }];
    const pending = (run !== undefined && run.status !== 'completed') || status?.state === 'pending';
    return pending ? [{ name, state: 'pending' }] : [];
  });
}

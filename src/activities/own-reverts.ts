import type { Incident } from '../domain/incident.schema.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import { Plan } from '../domain/plan.schema.ts';
import type { StrategyContext } from '../strategies/contract.ts';
import type { PlanSummary } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { getJson } from './stored.ts';

const dayOf = ({ owner, name }: RepoRef, now: Date): string => `reverts/${owner}/${name}/${now.toISOString().slice(0, 10)}`;
const commitKey = ({ owner, name }: RepoRef, sha: string): string => `revert/${owner}/${name}/${sha}`;

/** Remembers, when a change is written, that it undoes commits: how many in a day is limited, and each is proposed once. */
export async function noteReverts(
  deps: Pick<ActivityDeps, 'artifacts' | 'budget' | 'now' | 'records'>,
  { repo, plan, healingId, key }: { readonly repo: RepoRef; readonly plan: PlanSummary; readonly healingId: string; readonly key: string },
): Promise<void> {
  if (plan.strategy !== 'revert') return;
  const { steps } = await getJson(deps, plan.artifact, Plan);
  const undone = steps.flatMap((step) => (step.kind === 'revert-commit' ? [step.sha] : []));
  if (undone.length === 0) return;
  for (const sha of undone) await deps.records.putOnce(commitKey(repo, sha), healingId);
  // Only counted: the strategy asks before it plans, and what is proven by then may be written.
  await deps.budget.reserve(`reverts/${key}`, [{ scope: dayOf(repo, deps.now()), amounts: { pullRequests: 1 }, limits: {} }]);
}

/** Reverts of ours in this repository: how many today, and which commits of the incident another healing proposed to undo. */
export async function ownReverts(
  deps: Pick<ActivityDeps, 'budget' | 'now' | 'records'>,
  { repo, commits }: Pick<Incident, 'repo' | 'commits'>,
  healingId: string,
): Promise<NonNullable<StrategyContext['reverts']>> {
  const before: string[] = [];
  for (const { sha } of commits) {
    const by = await deps.records.get(commitKey(repo, sha));
    if (by !== null && by !== healingId) before.push(sha);
  }
  const { pullRequests = 0 } = await deps.budget.used(dayOf(repo, deps.now()));
  return { today: pullRequests, before };
}

import { unless } from './answer.ts';
import type { Api } from './api.ts';
import { byName, checksOf } from './check-facts.ts';
import { idsBetween } from './commits.ts';

/** Ancestors that are looked at. */
const MAX_ANCESTORS = 200;
/** Revisions asked at the same time. */
const AT_ONCE = 4;
/** Successful runs of one workflow that are listed. */
const MAX_RUNS = 300;

async function allGreen(api: Api, sha: string, wanted: readonly string[]): Promise<boolean> {
  const checks = byName(await checksOf(api, sha));
  return wanted.every((name) => checks.get(name)?.conclusion === 'success');
}

/** Commits on which the workflow behind a check succeeded as a whole; null when the check is not of GitHub Actions. */
async function greenRuns(api: Api, sha: string, name: string): Promise<ReadonlySet<string> | null> {
  const check = byName(await checksOf(api, sha)).get(name);
  if (check?.run?.app !== 'github-actions' || check.run.suite === undefined) return null;
  const listed = await unless(
    [404],
    null,
    api.call('GET /repos/{owner}/{repo}/actions/runs', { check_suite_id: check.run.suite, per_page: 1 }),
  );
  const workflow = listed?.data.workflow_runs[0]?.workflow_id;
  if (workflow === undefined) return null;
  const runs = await api.all(
    'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
    { workflow_id: workflow, status: 'success' },
    (data) => data.workflow_runs,
    MAX_RUNS,
  );
  return new Set(runs.map((run) => run.head_sha));
}

/** See `ForgeChecks.lastGreen`: successful runs of the same workflow first, which is a few calls; then commit by commit. */
export async function lastGreen(api: Api, sha: string, wanted: readonly string[]): Promise<string | null> {
  if (wanted.length === 0) return null;
  const ancestors = (await idsBetween(api, null, sha, MAX_ANCESTORS)).slice(0, MAX_ANCESTORS);
  const runs = await Promise.all(wanted.map((name) => greenRuns(api, sha, name)));
  const known = runs.filter((set) => set !== null);
  if (known.length === wanted.length) {
    const listed = ancestors.find((id) => known.every((set) => set.has(id)));
    if (listed !== undefined) return listed;
  }
  // A workflow may be red for another of its jobs, and other systems have no workflow at all.
  for (let at = 0; at < ancestors.length; at += AT_ONCE) {
    const some = ancestors.slice(at, at + AT_ONCE);
    const green = await Promise.all(some.map((id) => allGreen(api, id, wanted)));
    const found = some[green.indexOf(true)];
    if (found !== undefined) return found;
  }
  return null;
}

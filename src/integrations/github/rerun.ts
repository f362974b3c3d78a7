import { Refusal } from './answer.ts';
import type { Api } from './api.ts';
import { byName, checksOf } from './check-facts.ts';

/** Runs of GitHub Actions behind these checks are asked to run their failed jobs again; one that does so already counts, whoever asked: an earlier try whose answer was lost, say. */
export async function rerunFailed(reading: Api, api: Api, sha: string, names: readonly string[]): Promise<number> {
  const checks = byName(await checksOf(reading, sha));
  const runs = new Map<number, number>();
  for (const name of names) {
    const run = checks.get(name)?.run;
    if (run?.app !== 'github-actions') continue;
    const { data } = await reading.call('GET /repos/{owner}/{repo}/actions/jobs/{job_id}', { job_id: run.id });
    runs.set(Number(data.run_id), data.run_attempt ?? 1);
  }
  let asked = 0;
  for (const [run, failed] of runs) {
    try {
      await api.call('POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs', { run_id: run });
      asked += 1;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 409) throw error;
      // It runs again already, or is too old to: either way nothing is left to ask for.
      const { data } = await reading.call('GET /repos/{owner}/{repo}/actions/runs/{run_id}', { run_id: run });
      if ((data.run_attempt ?? 1) > failed) asked += 1;
    }
  }
  return asked;
}

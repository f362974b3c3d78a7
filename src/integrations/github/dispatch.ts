import { Failure } from '../../domain/failure.ts';
import type { DeploymentFacts } from '../contract.ts';
import { Refusal, unless } from './answer.ts';
import type { Api } from './api.ts';

/** A run that was asked for shows in the list after a moment. */
const APPEARS_MS = 5_000;

/** What is read of a workflow run. */
interface Run {
  readonly id: number | bigint;
  readonly head_sha: string;
  readonly status: string | null;
  readonly conclusion: string | null;
  readonly html_url: string;
  readonly updated_at: string;
}

/** Newest runs among which that of an earlier try is looked for. */
const MAX_RUNS = 30;

/** Ids of workflow runs among deployments. */
const PREFIX = 'run:';

function facts(run: Run, environment: string): DeploymentFacts {
  const done = run.status === 'completed';
  return {
    id: `${PREFIX}${run.id}:${environment}`,
    sha: run.head_sha,
    environment,
    state: done ? (run.conclusion === 'success' ? 'success' : 'failure') : run.status === 'in_progress' ? 'running' : 'queued',
    at: run.updated_at,
    url: run.html_url,
    ...(done && run.conclusion !== 'success' ? { detail: `the workflow ended as ${run.conclusion ?? 'unknown'}` } : {}),
  };
}

/** A run by the id that `dispatchWorkflow` gave; null when it is not one, or gone. */
export async function readRun(api: Api, id: string): Promise<DeploymentFacts | null> {
  const [, number, environment] = /^run:([1-9]\d{0,18}):([^\s:]{1,100})$/.exec(id) ?? [];
  if (number === undefined || environment === undefined) return null;
  const answer = await unless([404], null, api.call('GET /repos/{owner}/{repo}/actions/runs/{run_id}', { run_id: Number(number) }));
  return answer === null ? null : facts(answer.data, environment);
}

/** Runs a workflow on a branch, for its head or for what was live before. A repeat finds the run of the first try: of the commit, and later than what there was before it. */
export async function dispatchWorkflow(
  api: Api,
  input: {
    readonly workflow: string;
    readonly branch: string;
    readonly sha: string;
    readonly environment: string;
    readonly inputs: Readonly<Record<string, string>>;
    readonly wasLive?: boolean;
    readonly remember?: (newest: string) => Promise<string>;
  },
): Promise<DeploymentFacts> {
  const { workflow, branch, sha, environment, remember, wasLive = false } = input;
  const { data: listed } = await api.call('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
    workflow_id: workflow,
    event: 'workflow_dispatch',
    branch,
    per_page: MAX_RUNS,
  });
  // People deploy the same commit, too, and so did we when it was new: none of those is this one. Numbers of runs only grow.
  const newest = Math.max(0, ...listed.workflow_runs.map((run) => Number(run.id)));
  const before = remember === undefined ? 0 : Number(await remember(String(newest)));
  const earlier = listed.workflow_runs.find((run) => Number(run.id) > before && (wasLive || run.head_sha === sha));
  if (earlier !== undefined) return facts(earlier, environment);
  const fill = (text: string): string => text.replaceAll('$SHA', sha).replaceAll('$ENVIRONMENT', environment);
  const { status, data } = (await api
    .call('POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', {
      workflow_id: workflow,
      ref: branch,
      inputs: Object.fromEntries(Object.entries(input.inputs).map(([name, value]) => [name, fill(value)])),
      return_run_details: true,
    } as never)
    .catch((error: unknown) => {
      // A race is tried again; everything else is said for good.
      if (!(error instanceof Refusal) || error.status === 409) throw error;
      throw new Failure('not-permitted', `the workflow ${workflow} cannot be run: ${error.message}`, { cause: error });
    })) as { readonly status: number; readonly data: { readonly workflow_run_id?: number | bigint } | undefined };
  if (status === 200 && data?.workflow_run_id !== undefined) {
    const run = await readRun(api, `${PREFIX}${data.workflow_run_id}:${environment}`);
    if (run !== null) return run;
  }
  // Older servers do not say which run it became: it is looked for when this is tried again.
  throw new Failure('conflict', `the run of ${workflow} does not show yet`, { retryAfterMs: APPEARS_MS });
}

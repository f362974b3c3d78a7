import { jobJson, runJson, workflowJson } from './actions-json.ts';
import type { Job, JobSpec, Run, Workflow } from './actions-state.ts';
import { createCheckRun, pullsOf, updateCheckRun } from './checks.ts';
import type { Json } from './wire.ts';
import { ACTIONS_APP, appJson, idOf, stamp, userJson, type World } from './world.ts';

/** The workflow of a path, made when it is new. */
export function workflowOf(world: World, repo: string, path: string, name: string): Workflow {
  const known = world.actions.workflows.find((workflow) => workflow.repo === repo && workflow.path === path);
  if (known !== undefined) return known;
  const made = { id: world.nextId(), repo, name, path };
  world.actions.workflows.push(made);
  return made;
}

/** A run as the API and events show it. */
export async function shownRun(world: World, run: Run): Promise<Json> {
  const repository = await world.upstream.admin('GET', `/repos/${run.repo}`);
  const headRepository = run.headRepo === run.repo ? repository : await world.upstream.admin('GET', `/repos/${run.headRepo}`);
  const commit = await world.upstream.admin('GET', `/repos/${run.headRepo}/commits/${run.sha}?per_page=1`);
  const pulls = run.headRepo === run.repo ? await pullsOf(world, run.repo, run.sha) : [];
  return runJson(world, run, pulls, repository, headRepository, commit);
}

async function tell(world: World, run: Run, action: string): Promise<void> {
  const workflow_run = await shownRun(world, run);
  await world.emit(
    'workflow_run',
    run.repo,
    { action, workflow: workflowJson(world, run.workflow), workflow_run },
    userJson(world, run.actor, idOf(run.actor)),
  );
}

async function tellJob(world: World, run: Run, job: Job, action: string): Promise<void> {
  await world.emit(
    'workflow_job',
    run.repo,
    { action, workflow_job: jobJson(world, run, job) },
    userJson(world, run.actor, idOf(run.actor)),
  );
}

/** A new run, requested; its jobs follow with `runJob`. */
export async function requestRun(
  world: World,
  input: {
    readonly repo: string;
    readonly sha: string;
    readonly branch: string;
    readonly workflow: Workflow;
    readonly event: string;
    readonly actor: string;
    readonly headRepo?: string;
    readonly inputs?: Json;
  },
): Promise<Run> {
  const { repo, sha, workflow } = input;
  const at = stamp(world.now());
  const commit = await world.upstream.admin('GET', `/repos/${input.headRepo ?? repo}/commits/${sha}?per_page=1`);
  const run: Run = {
    id: world.nextId(),
    repo,
    workflow,
    number: world.actions.runs.filter((one) => one.workflow === workflow).length + 1,
    event: input.event,
    branch: input.branch,
    sha,
    headRepo: input.headRepo ?? repo,
    suite: world.nextId(),
    actor: input.actor,
    title: String(commit.commit.message).split('\n')[0] ?? '',
    createdAt: at,
    inputs: input.inputs ?? {},
    attempt: 1,
    status: 'queued',
    conclusion: null,
    updatedAt: at,
    logsExpired: false,
    logForm: 'text',
    jobs: [],
  };
  world.actions.runs.push(run);
  await tell(world, run, 'requested');
  return run;
}

/** One job of the current attempt: check run, steps, log, annotations and their events. Without a conclusion it stays in progress. */
export async function runJob(world: World, run: Run, spec: JobSpec): Promise<Job> {
  if (run.status === 'queued') {
    run.status = 'in_progress';
    await tell(world, run, 'in_progress');
  }
  const at = stamp(world.now());
  const details_url = `${world.url}/${run.repo}/actions/runs/${run.id}`;
  const made = await createCheckRun(
    world,
    run.repo,
    { name: spec.name, head_sha: run.sha, status: 'in_progress', started_at: at, details_url },
    { app: ACTIONS_APP, suite: run.suite },
    'admin',
  );
  if (made.status !== 201) throw new Error(`no check run for ${spec.name}: ${JSON.stringify(made.body)}`);
  const job: Job = {
    id: made.body.id,
    attempt: run.attempt,
    name: spec.name,
    status: 'in_progress',
    conclusion: null,
    steps: spec.steps ?? [
      { name: 'Set up job' },
      { name: `Run ${spec.name}`, ...(spec.conclusion === undefined ? {} : { conclusion: spec.conclusion }) },
    ],
    log: spec.log ?? '',
    startedAt: at,
    completedAt: null,
  };
  run.jobs.push(job);
  await tellJob(world, run, job, 'queued');
  await tellJob(world, run, job, 'in_progress');
  if (spec.conclusion !== undefined) await endJob(world, run, job, spec);
  return job;
}

/** A job ends. */
export async function endJob(world: World, run: Run, job: Job, spec: JobSpec): Promise<void> {
  job.status = 'completed';
  job.conclusion = spec.conclusion ?? 'success';
  job.completedAt = stamp(world.now());
  if (spec.log !== undefined) job.log = spec.log;
  const output = { title: null, summary: null, annotations: spec.annotations ?? [] };
  await updateCheckRun(
    world,
    run.repo,
    job.id,
    { status: 'completed', conclusion: job.conclusion, completed_at: job.completedAt, output },
    'admin',
  );
  await tellJob(world, run, job, 'completed');
}

const WORST = ['failure', 'timed_out', 'cancelled', 'action_required', 'success', 'neutral', 'skipped'];

/** The run ends with the worst of its jobs, or as told; the suite ends with it. */
export async function endRun(world: World, run: Run, conclusion?: string): Promise<void> {
  const jobs = run.jobs.filter((job) => job.attempt === run.attempt);
  const said = jobs.map((job) => job.conclusion ?? 'success').sort((one, other) => WORST.indexOf(one) - WORST.indexOf(other));
  run.status = 'completed';
  run.conclusion = conclusion ?? said[0] ?? 'success';
  run.updatedAt = stamp(world.now());
  const { head_commit } = await shownRun(world, run);
  const suite = {
    head_commit,
    rerequestable: true,
    runs_rerequestable: true,
    id: run.suite,
    node_id: `CS_${run.suite}`,
    head_branch: run.branch,
    head_sha: run.sha,
    status: 'completed',
    conclusion: run.conclusion,
    url: `${world.url}/repos/${run.repo}/check-suites/${run.suite}`,
    before: null,
    after: run.sha,
    pull_requests: run.headRepo === run.repo ? await pullsOf(world, run.repo, run.sha) : [],
    app: appJson(world, ACTIONS_APP),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    latest_check_runs_count: jobs.length,
    check_runs_url: `${world.url}/repos/${run.repo}/check-suites/${run.suite}/check-runs`,
  };
  await world.emit('check_suite', run.repo, { action: 'completed', check_suite: suite }, userJson(world, run.actor, idOf(run.actor)));
  await tell(world, run, 'completed');
}

/** A new attempt begins: all jobs, or those that failed while the others are carried over. */
export async function rerun(world: World, run: Run, failedOnly: boolean): Promise<void> {
  const last = run.jobs.filter((job) => job.attempt === run.attempt);
  run.attempt += 1;
  run.status = 'queued';
  run.conclusion = null;
  run.updatedAt = stamp(world.now());
  if (failedOnly)
    run.jobs.push(
      ...last
        .filter((job) => job.conclusion === 'success' || job.conclusion === 'skipped')
        .map((job) => ({ ...job, attempt: run.attempt })),
    );
  await tell(world, run, 'requested');
}

import type { Job, Run, Workflow } from './actions-state.ts';
import type { Json } from './wire.ts';
import { idOf, userJson, type World } from './world.ts';

/** A workflow as GitHub shows it. */
export function workflowJson(world: World, workflow: Workflow): Json {
  const url = `${world.url}/repos/${workflow.repo}/actions/workflows/${workflow.id}`;
  return {
    id: workflow.id,
    node_id: `W_${workflow.id}`,
    name: workflow.name,
    path: workflow.path,
    state: 'active',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    url,
    html_url: `${world.url}/${workflow.repo}/blob/main/${workflow.path}`,
    badge_url: `${url}/badge.svg`,
  };
}

/** A run as GitHub shows it, in the attempt it is in. */
export function runJson(world: World, run: Run, pulls: readonly Json[], repository: Json, headRepository: Json, commit: Json): Json {
  const url = `${world.url}/repos/${run.repo}/actions/runs/${run.id}`;
  return {
    id: run.id,
    name: run.workflow.name,
    node_id: `WFR_${run.id}`,
    head_branch: run.branch,
    head_sha: run.sha,
    path: run.workflow.path,
    display_title: run.title,
    run_number: run.number,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflow.id,
    check_suite_id: run.suite,
    check_suite_node_id: `CS_${run.suite}`,
    url,
    html_url: `${world.url}/${run.repo}/actions/runs/${run.id}`,
    pull_requests: pulls,
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor: userJson(world, run.actor, idOf(run.actor)),
    triggering_actor: userJson(world, run.actor, idOf(run.actor)),
    run_attempt: run.attempt,
    run_started_at: run.createdAt,
    referenced_workflows: [],
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${world.url}/repos/${run.repo}/check-suites/${run.suite}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${world.url}/repos/${run.repo}/actions/workflows/${run.workflow.id}`,
    head_commit: {
      id: run.sha,
      tree_id: commit.commit.tree.sha,
      message: commit.commit.message,
      timestamp: commit.commit.committer.date,
      author: { name: commit.commit.author.name, email: commit.commit.author.email },
      committer: { name: commit.commit.committer.name, email: commit.commit.committer.email },
    },
    repository,
    head_repository: headRepository,
  };
}

/** A job as GitHub shows it. */
export function jobJson(world: World, run: Run, job: Job): Json {
  const url = `${world.url}/repos/${run.repo}/actions`;
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.workflow.name,
    head_branch: run.branch,
    run_url: `${url}/runs/${run.id}`,
    run_attempt: job.attempt,
    node_id: `CR_${job.id}`,
    head_sha: run.sha,
    url: `${url}/jobs/${job.id}`,
    html_url: `${world.url}/${run.repo}/actions/runs/${run.id}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.startedAt,
    started_at: job.startedAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step, at) => ({
      name: step.name,
      status: job.status,
      conclusion: job.status === 'completed' ? (step.conclusion ?? 'success') : null,
      number: at + 1,
      started_at: job.startedAt,
      completed_at: job.completedAt,
    })),
    check_run_url: `${world.url}/repos/${run.repo}/check-runs/${job.id}`,
    labels: ['ubuntu-latest'],
    runner_id: 1,
    runner_name: 'GitHub Actions 1',
    runner_group_id: 2,
    runner_group_name: 'GitHub Actions',
  };
}

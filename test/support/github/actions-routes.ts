import { jobJson, workflowJson } from './actions-json.ts';
import { requestRun, rerun, shownRun } from './actions-run.ts';
import type { Job, Run } from './actions-state.ts';
import type { Router } from './router.ts';
import { type Ask, type Json, page, type Reply, refuse, reply } from './wire.ts';
import { commitOf, loginOf, type World } from './world.ts';
import { zip } from './zip.ts';

const missing = refuse(404, 'Not Found');
const gone = refuse(410, 'Server Error');

/** A log as GitHub keeps it: the time before each line. */
const timed = (log: string): Buffer =>
  Buffer.from(log.replace(/^(?=[\s\S])/gm, '2026-11-23T10:00:00.0000000Z ').replace(/2026-11-23T10:00:00\.0000000Z $/, ''));

/** Runs, jobs, logs, reruns and dispatches of GitHub Actions; `emulate` has runs without jobs only. */
export function actionsRoutes(router: Router, world: World): void {
  const { actions, content } = world;
  const repo = '/repos/{owner}/{repo}/actions';
  const mayWrite = (ask: Ask): Reply | null =>
    ask.who.kind === 'installation' && ask.who.permissions['actions'] !== 'write'
      ? refuse(403, 'Resource not accessible by integration')
      : null;
  const mayRead = (ask: Ask): Promise<Reply | null> =>
    world.upstream.send('GET', `/repos/${ask.repo}`, null, ask.who).then((answer) => (answer.status === 200 ? null : missing));
  const on = (operation: string, handler: (ask: Ask) => Promise<Reply> | Reply): void =>
    router.on(operation, async (ask) => (await mayRead(ask)) ?? (ask.method === 'GET' ? handler(ask) : (mayWrite(ask) ?? handler(ask))));
  const onRun = (operation: string, handler: (run: Run, ask: Ask) => Promise<Reply> | Reply): void =>
    on(operation, (ask) => {
      const run = actions.runs.find((one) => one.repo === ask.repo && one.id === Number(ask.params['run_id']));
      return run === undefined ? missing : handler(run, ask);
    });
  const onJob = (operation: string, handler: (job: Job, run: Run, ask: Ask) => Promise<Reply> | Reply): void =>
    on(operation, (ask) => {
      const run = actions.runs.find((one) => one.repo === ask.repo && one.jobs.some((job) => job.id === Number(ask.params['job_id'])));
      const job = run?.jobs.find((one) => one.id === Number(ask.params['job_id']));
      return run === undefined || job === undefined ? missing : handler(job, run, ask);
    });
  const listRuns = async (ask: Ask, runs: readonly Run[]): Promise<Reply> => {
    const { query } = ask;
    const is = (name: string, ...values: ReadonlyArray<string | number | null>): boolean =>
      !query.has(name) || values.map(String).includes(query.get(name) ?? '');
    const found = runs
      .filter((run) => is('head_sha', run.sha) && is('branch', run.branch) && is('event', run.event) && is('check_suite_id', run.suite))
      .filter((run) => is('status', run.status, run.conclusion) && is('actor', run.actor))
      .reverse();
    const shown = page(ask, world.url, found, (workflow_runs, total_count) => ({ total_count, workflow_runs }));
    return {
      ...shown,
      body: { ...shown.body, workflow_runs: await Promise.all(shown.body.workflow_runs.map((run: Run) => shownRun(world, run))) },
    };
  };
  const listJobs = (ask: Ask, run: Run, jobs: readonly Job[]): Reply =>
    page(
      ask,
      world.url,
      jobs.map((job) => jobJson(world, run, job)),
      (some, total_count) => ({ total_count, jobs: some }),
    );
  const zipped = (run: Run, attempt: number): Reply => {
    if (run.logsExpired) return gone;
    if (run.status !== 'completed' && attempt === run.attempt) return missing;
    const files = run.jobs
      .filter((job) => job.attempt === attempt)
      .map((job, at) => ({ name: `${at}_${job.name.replace(/[/\\:*?"<>|]/g, '')}.txt`, content: timed(job.log) }));
    return reply(302, null, { location: content.link('logs.zip', 'application/zip', () => zip(files)) });
  };

  on(`GET ${repo}/workflows`, (ask) => {
    const all = actions.workflows.filter((one) => one.repo === ask.repo).map((one) => workflowJson(world, one));
    return page(ask, world.url, all, (workflows, total_count) => ({ total_count, workflows }));
  });
  const workflowAt = (ask: Ask) =>
    actions.workflows.find(
      (one) =>
        one.repo === ask.repo && (String(one.id) === ask.params['workflow_id'] || one.path.split('/').at(-1) === ask.params['workflow_id']),
    );
  on(`GET ${repo}/workflows/{workflow_id}`, (ask) => {
    const found = workflowAt(ask);
    return found === undefined ? missing : reply(200, workflowJson(world, found));
  });
  on(`GET ${repo}/workflows/{workflow_id}/runs`, (ask) => {
    const found = workflowAt(ask);
    return found === undefined
      ? missing
      : listRuns(
          ask,
          actions.runs.filter((run) => run.workflow === found),
        );
  });
  on(`POST ${repo}/workflows/{workflow_id}/dispatches`, async (ask) => {
    const workflow = workflowAt(ask);
    if (workflow === undefined) return missing;
    const sha = await commitOf(world, ask.repo, String(ask.body.ref));
    if (sha === null) return refuse(422, `No ref found for: ${ask.body.ref}`);
    const branch = String(ask.body.ref).replace(/^refs\/(heads|tags)\//, '');
    const run = await requestRun(world, {
      repo: ask.repo,
      sha,
      branch,
      workflow,
      event: 'workflow_dispatch',
      actor: loginOf(world, ask.who),
      inputs: ask.body.inputs,
    });
    if (ask.body.return_run_details !== true) return reply(204);
    const { url, html_url } = await shownRun(world, run);
    return reply(200, { workflow_run_id: run.id, run_url: url, html_url });
  });
  on(`GET ${repo}/runs`, (ask) =>
    listRuns(
      ask,
      actions.runs.filter((run) => run.repo === ask.repo),
    ),
  );
  onRun(`GET ${repo}/runs/{run_id}`, async (run) => reply(200, await shownRun(world, run)));
  onRun(`GET ${repo}/runs/{run_id}/attempts/{attempt_number}`, async (run, ask) => {
    const attempt = Number(ask.params['attempt_number']);
    if (attempt < 1 || attempt > run.attempt) return missing;
    const shown = await shownRun(world, run);
    if (attempt === run.attempt) return reply(200, shown);
    const failed = run.jobs.some((job) => job.attempt === attempt && job.conclusion === 'failure');
    return reply(200, { ...shown, run_attempt: attempt, status: 'completed', conclusion: failed ? 'failure' : 'success' });
  });
  onRun(`GET ${repo}/runs/{run_id}/jobs`, (run, ask) =>
    listJobs(ask, run, ask.query.get('filter') === 'all' ? run.jobs : run.jobs.filter((job) => job.attempt === run.attempt)),
  );
  onRun(`GET ${repo}/runs/{run_id}/attempts/{attempt_number}/jobs`, (run, ask) =>
    listJobs(
      ask,
      run,
      run.jobs.filter((job) => job.attempt === Number(ask.params['attempt_number'])),
    ),
  );
  onRun(`GET ${repo}/runs/{run_id}/logs`, (run) => zipped(run, run.attempt));
  onRun(`GET ${repo}/runs/{run_id}/attempts/{attempt_number}/logs`, (run, ask) => zipped(run, Number(ask.params['attempt_number'])));
  onRun(`GET ${repo}/runs/{run_id}/artifacts`, () => reply(200, { total_count: 0, artifacts: [] }));
  onRun(`POST ${repo}/runs/{run_id}/cancel`, (run) =>
    run.status === 'completed' ? refuse(409, 'Cannot cancel a workflow run that is completed.') : reply(202, {}),
  );
  for (const [name, failedOnly] of [
    ['rerun', false],
    ['rerun-failed-jobs', true],
  ] as const)
    onRun(`POST ${repo}/runs/{run_id}/${name}`, async (run) => {
      if (run.status !== 'completed') return refuse(403, 'This workflow is already running');
      if (failedOnly && run.conclusion === 'success') return refuse(403, 'This workflow run has no failed jobs');
      await rerun(world, run, failedOnly);
      return reply(201, {});
    });
  onJob(`POST ${repo}/jobs/{job_id}/rerun`, async (_job, run) => {
    if (run.status !== 'completed') return refuse(403, 'This workflow is already running');
    await rerun(world, run, true);
    return reply(201, {});
  });
  onJob(`GET ${repo}/jobs/{job_id}`, (job, run) => reply(200, jobJson(world, run, job)));
  onJob(`GET ${repo}/jobs/{job_id}/logs`, (job, run) => {
    if (run.logsExpired || run.logForm === 'archive') return gone;
    if (job.status !== 'completed') return missing;
    if (run.logForm === 'zipped') return zipped(run, job.attempt);
    return reply(302, null, { location: content.link('log.txt', 'text/plain; charset=utf-8', () => timed(job.log)) });
  });
  on(`GET ${repo}/artifacts`, (_ask): Reply => reply(200, { total_count: 0, artifacts: [] as Json[] }));
}

import { openPulls } from './pulls.ts';
import type { Router } from './router.ts';
import { type Ask, type Json, page, type Reply, refuse } from './wire.ts';
import { appJson, type CheckMemory, commitOf, stamp, type World } from './world.ts';

const suites = (world: World, repo: string, sha: string, app: number): number | undefined =>
  world.actions.suites.get(`${repo.toLowerCase()}@${sha}@${app}`);

/** The suite of an App on a commit; Actions has one for each run. */
export function suiteOf(world: World, repo: string, sha: string, app: number): number {
  const key = `${repo.toLowerCase()}@${sha}@${app}`;
  const id = suites(world, repo, sha, app) ?? world.nextId();
  world.actions.suites.set(key, id);
  return id;
}

/** Pull requests of a commit as check runs and workflow runs carry them: none for forks. */
export async function pullsOf(world: World, repo: string, sha: string): Promise<readonly Json[]> {
  const { id, name, url } = await world.upstream.admin('GET', `/repos/${repo}`);
  const found: Json[] = [];
  for (const pull of await openPulls(world, repo)) {
    if (pull.head.repo?.full_name !== repo || (await commitOf(world, repo, `refs/heads/${pull.head.ref}`)) !== sha) continue;
    found.push({
      id: pull.id,
      number: pull.number,
      url: pull.url,
      head: { ref: pull.head.ref, sha, repo: { id, name, url } },
      base: { ref: pull.base.ref, sha: await commitOf(world, repo, `refs/heads/${pull.base.ref}`), repo: { id, name, url } },
    });
  }
  return found;
}

/** `emulate`'s check run with its App, its own suite and its pull requests. */
export async function trueCheckRun(world: World, repo: string, run: Json): Promise<Json> {
  const memory = world.checkRuns.get(run.id);
  if (memory === undefined) return run;
  return {
    ...run,
    app: appJson(world, memory.app),
    details_url: run.details_url ?? run.html_url,
    check_suite: {
      id: memory.suite,
      node_id: `CS_${memory.suite}`,
      head_branch: world.actions.runs.find((one) => one.suite === memory.suite)?.branch ?? null,
      head_sha: run.head_sha,
      status: run.status,
      conclusion: run.conclusion,
      url: `${world.url}/repos/${repo}/check-suites/${memory.suite}`,
      before: null,
      after: run.head_sha,
      pull_requests: [],
      app: appJson(world, memory.app),
      created_at: run.started_at ?? stamp(world.now()),
      updated_at: stamp(world.now()),
    },
    pull_requests: await pullsOf(world, repo, run.head_sha),
    output: { ...run.output, annotations_count: memory.annotations.length, annotations_url: `${run.url}/annotations` },
  };
}

const asAnnotation = (world: World, repo: string, sha: string, raw: Json): Json => ({
  path: raw.path,
  blob_href: `${world.url}/repos/${repo}/git/blobs/${sha}`,
  start_line: raw.start_line,
  start_column: raw.start_column ?? null,
  end_line: raw.end_line,
  end_column: raw.end_column ?? null,
  annotation_level: raw.annotation_level,
  title: raw.title ?? null,
  message: raw.message,
  raw_details: raw.raw_details ?? null,
});

/** Makes a check run at `emulate` and remembers the rest. */
export async function createCheckRun(
  world: World,
  repo: string,
  body: Json,
  memory: Omit<CheckMemory, 'annotations'>,
  who: Ask['who'] | 'admin',
): Promise<Reply> {
  const answer = await world.upstream.send('POST', `/repos/${repo}/check-runs`, body, who);
  if (answer.status !== 201) return answer;
  const annotations = (body.output?.annotations ?? []).map((raw: Json) => asAnnotation(world, repo, body.head_sha, raw));
  world.checkRuns.set(answer.body.id, { ...memory, annotations });
  await world.settle(repo, body.head_sha);
  return { ...answer, body: await trueCheckRun(world, repo, answer.body) };
}

/** Changes one; annotations are added to those it has, as GitHub does. */
export async function updateCheckRun(world: World, repo: string, id: number, body: Json, who: Ask['who'] | 'admin'): Promise<Reply> {
  const memory = world.checkRuns.get(id);
  const completing = body.conclusion !== undefined && body.status === undefined ? { ...body, status: 'completed' } : body;
  const answer = await world.upstream.send('PATCH', `/repos/${repo}/check-runs/${id}`, completing, who);
  if (answer.status !== 200) return answer;
  for (const raw of body.output?.annotations ?? []) memory?.annotations.push(asAnnotation(world, repo, answer.body.head_sha, raw));
  await world.settle(repo, answer.body.head_sha);
  return { ...answer, body: await trueCheckRun(world, repo, answer.body) };
}

/** Check runs: `emulate` keeps them, without App, without suites of their own, without pages. */
export function checkRoutes(router: Router, world: World): void {
  const appsOnly = (ask: Ask): Reply | null =>
    ask.who.kind === 'installation' ? null : refuse(403, 'You must authenticate via a GitHub App.');
  router.on('POST /repos/{owner}/{repo}/check-runs', async (ask) => {
    const { repo, body } = ask;
    const barred = appsOnly(ask);
    if (barred !== null) return barred;
    if ((await commitOf(world, repo, String(body.head_sha))) === null) return refuse(422, `No commit found for SHA: ${body.head_sha}`);
    if ((body.output?.annotations ?? []).length > 50) return refuse(422, 'Invalid request.\n\nNo more than 50 items are allowed.');
    const whole = body.conclusion !== undefined && body.status === undefined ? { ...body, status: 'completed' } : body;
    const memory = { app: world.app, suite: suiteOf(world, repo, body.head_sha, world.app.id) };
    return createCheckRun(world, repo, whole, memory, ask.who);
  });
  router.on('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', async (ask) => {
    const barred = appsOnly(ask);
    if (barred !== null) return barred;
    const id = Number(ask.params['check_run_id']);
    if (world.checkRuns.get(id)?.app.id !== world.app.id) return refuse(403, 'Resource not accessible by integration');
    return updateCheckRun(world, ask.repo, id, ask.body, ask.who);
  });
  router.on('GET /repos/{owner}/{repo}/check-runs/{check_run_id}', async (ask) => {
    const answer = await world.upstream.send('GET', ask.target, null, ask.who);
    return answer.status === 200 ? { ...answer, body: await trueCheckRun(world, ask.repo, answer.body) } : answer;
  });
  router.on('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', async (ask) => {
    const answer = await world.upstream.send('GET', ask.target, null, ask.who);
    if (answer.status !== 200) return answer;
    return page(ask, world.url, world.checkRuns.get(Number(ask.params['check_run_id']))?.annotations ?? []);
  });
  router.on('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', async (ask) => {
    const ref = encodeURIComponent(ask.params['ref'] ?? '');
    const answer = await world.upstream.send('GET', `/repos/${ask.repo}/commits/${ref}/check-runs?filter=all`, null, ask.who);
    if (answer.status !== 200) return answer.status === 404 ? refuse(422, `No commit found for SHA: ${ask.params['ref']}`) : answer;
    let runs = [...answer.body.check_runs].sort((one: Json, other: Json) => other.id - one.id);
    const { query } = ask;
    if (query.get('filter') !== 'all') {
      const seen = new Set<string>();
      runs = runs.filter((run: Json) => {
        const key = `${world.checkRuns.get(run.id)?.suite} ${run.name}`;
        return !seen.has(key) && seen.add(key);
      });
    }
    if (query.has('check_name')) runs = runs.filter((run: Json) => run.name === query.get('check_name'));
    if (query.has('status')) runs = runs.filter((run: Json) => run.status === query.get('status'));
    if (query.has('app_id')) runs = runs.filter((run: Json) => world.checkRuns.get(run.id)?.app.id === Number(query.get('app_id')));
    const shown = page(ask, world.url, runs, (check_runs, total_count) => ({ total_count, check_runs }));
    return {
      ...shown,
      body: { ...shown.body, check_runs: await Promise.all(shown.body.check_runs.map((run: Json) => trueCheckRun(world, ask.repo, run))) },
    };
  });
}

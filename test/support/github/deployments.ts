import type { Router } from './router.ts';
import { statusesOf } from './statuses.ts';
import { type Ask, type Json, page, type Reply, refuse, reply } from './wire.ts';
import { commitOf, type KeptDeployment as Kept, senderJson, stamp, type World } from './world.ts';

/** Deployments and their statuses, which `emulate` does not have. */
export function deploymentRoutes(router: Router, world: World): void {
  const all = world.deployments;
  const of = (repo: string): Kept[] => {
    const list = all.get(repo.toLowerCase()) ?? [];
    all.set(repo.toLowerCase(), list);
    return list;
  };
  const base = '/repos/{owner}/{repo}/deployments';
  const guard = async (ask: Ask): Promise<Reply | null> => {
    const { who } = ask;
    const held = who.kind === 'installation' ? who.permissions['deployments'] : 'write';
    if (held === undefined || (ask.method !== 'GET' && held !== 'write')) return refuse(403, 'Resource not accessible by integration');
    return (await world.upstream.send('GET', `/repos/${ask.repo}`, null, who)).status === 200 ? null : refuse(404, 'Not Found');
  };
  const on = (operation: string, handler: (ask: Ask) => Promise<Reply> | Reply): void =>
    router.on(operation, async (ask) => (await guard(ask)) ?? handler(ask));
  const find = (ask: Ask): Kept | undefined => of(ask.repo).find((one) => one.json.id === Number(ask.params['deployment_id']));

  on(`GET ${base}`, (ask) => {
    const is = (name: string, value: string): boolean => !ask.query.has(name) || ask.query.get(name) === value;
    const found = of(ask.repo)
      .map((one) => one.json)
      .filter((json) => is('sha', json.sha) && is('ref', json.ref) && is('task', json.task) && is('environment', json.environment));
    return page(ask, world.url, found);
  });
  on(`POST ${base}`, async (ask) => {
    const { repo, body } = ask;
    const ref = String(body.ref);
    const sha = await commitOf(world, repo, ref);
    if (sha === null) return refuse(422, `No ref found for: ${ref}`);
    const settings = await world.upstream.admin('GET', `/repos/${repo}`);
    if (body.auto_merge !== false && ref !== settings.default_branch && (await commitOf(world, repo, `refs/heads/${ref}`)) !== null) {
      const compared = await world.upstream.find(`/repos/${repo}/compare/${settings.default_branch}...${sha}`);
      if (compared !== null && compared.behind_by > 0)
        return reply(202, { message: `Auto-merged ${settings.default_branch} into ${ref} on deployment.` });
    }
    if (!(Array.isArray(body.required_contexts) && body.required_contexts.length === 0)) {
      const { check_runs: runs } = await world.upstream.admin('GET', `/repos/${repo}/commits/${sha}/check-runs?filter=latest`);
      const contexts = [
        ...statusesOf(world, repo, sha).map((status) => ({ context: status.context, state: status.state })),
        ...runs.map((run: Json) => ({
          context: run.name,
          state:
            run.status === 'completed' ? (['success', 'neutral', 'skipped'].includes(run.conclusion) ? 'success' : 'failure') : 'pending',
        })),
      ];
      const wanted: readonly string[] | undefined = body.required_contexts;
      const bad = contexts.filter((one) => (wanted === undefined || wanted.includes(one.context)) && one.state !== 'success');
      const absent = (wanted ?? []).filter((name) => !contexts.some((one) => one.context === name));
      if (bad.length > 0 || absent.length > 0)
        return {
          ...refuse(409, `Conflict: Commit status checks failed for ${ref}.`, [
            { contexts, resource: 'Deployment', field: 'required_contexts', code: 'invalid' },
          ]),
        };
    }
    const id = world.nextId();
    const url = `${world.url}/repos/${repo}/deployments/${id}`;
    const environment = body.environment ?? 'production';
    const json = {
      url,
      id,
      node_id: `DE_${id}`,
      sha,
      ref,
      task: body.task ?? 'deploy',
      payload: body.payload ?? {},
      original_environment: environment,
      environment,
      description: body.description ?? null,
      creator: senderJson(world, ask.who),
      created_at: stamp(world.now()),
      updated_at: stamp(world.now()),
      statuses_url: `${url}/statuses`,
      repository_url: `${world.url}/repos/${repo}`,
      transient_environment: body.transient_environment ?? false,
      production_environment: body.production_environment ?? environment === 'production',
    };
    of(repo).unshift({ json, statuses: [] });
    await world.emit('deployment', repo, { action: 'created', deployment: json, workflow: null, workflow_run: null }, ask.who);
    return reply(201, json);
  });
  on(`GET ${base}/{deployment_id}`, (ask) => {
    const found = find(ask);
    return found === undefined ? refuse(404, 'Not Found') : reply(200, found.json);
  });
  on(`GET ${base}/{deployment_id}/statuses`, (ask) => {
    const found = find(ask);
    return found === undefined ? refuse(404, 'Not Found') : page(ask, world.url, found.statuses);
  });
  on(`POST ${base}/{deployment_id}/statuses`, async (ask) => {
    const found = find(ask);
    if (found === undefined) return refuse(404, 'Not Found');
    const make = (kept: Kept, body: Json): Json => {
      const id = world.nextId();
      const status = {
        url: `${kept.json.url}/statuses/${id}`,
        id,
        node_id: `DS_${id}`,
        state: body.state,
        creator: senderJson(world, ask.who),
        description: body.description ?? '',
        environment: body.environment ?? kept.json.environment,
        target_url: body.target_url ?? body.log_url ?? '',
        created_at: stamp(world.now()),
        updated_at: stamp(world.now()),
        deployment_url: kept.json.url,
        repository_url: `${world.url}/repos/${ask.repo}`,
        environment_url: body.environment_url ?? '',
        log_url: body.log_url ?? body.target_url ?? '',
      };
      kept.statuses.unshift(status);
      return status;
    };
    const status = make(found, ask.body);
    await world.emit(
      'deployment_status',
      ask.repo,
      { action: 'created', deployment_status: status, deployment: found.json, workflow: null, workflow_run: null, check_run: null },
      ask.who,
    );
    if (ask.body.state === 'success' && ask.body.auto_inactive !== false)
      for (const other of of(ask.repo))
        if (
          other !== found &&
          other.json.environment === found.json.environment &&
          !other.json.transient_environment &&
          other.statuses[0]?.state === 'success'
        )
          make(other, { state: 'inactive' });
    return reply(201, status);
  });
}

import type { Delivery, Hook, Hooks } from './hooks.ts';
import type { Router } from './router.ts';
import { type Ask, invalid, type Json, type Reply, refuse, reply } from './wire.ts';
import { stamp } from './world.ts';

/** A delivery in GitHub's list form; with `whole` as by itself. */
function deliveryJson(delivery: Delivery, whole: boolean): Json {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.durationMs / 1000,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.payload.installation?.id ?? null,
    repository_id: delivery.payload.repository?.id ?? null,
    throttled_at: null,
    ...(whole
      ? { url: '', request: { headers: delivery.headers, payload: delivery.payload }, response: { headers: {}, payload: '' } }
      : {}),
  };
}

const configJson = (hook: Hook): Json => ({ ...hook.config, ...(hook.config.secret === undefined ? {} : { secret: '********' }) });

/** Deliveries by cursor, newest first, as the App's, repositories' and organisations' hooks list them. */
function listDeliveries(world: { readonly hooks: Hooks; readonly url: string }, hook: Hook, ask: Ask): Reply {
  const size = Math.min(100, Number(ask.query.get('per_page') ?? 30));
  const status = ask.query.get('status');
  const all = world.hooks.deliveries
    .filter((delivery) => delivery.hookId === hook.id)
    .filter((delivery) => status === null || (status === 'success') === (delivery.statusCode >= 200 && delivery.statusCode < 400))
    .reverse();
  const cursor = ask.query.get('cursor');
  const from =
    cursor === null
      ? 0
      : Math.max(
          0,
          all.findIndex((delivery) => `v1_${delivery.id}` === cursor),
        );
  const next = all[from + size];
  const query = new URLSearchParams(ask.query);
  if (next !== undefined) query.set('cursor', `v1_${next.id}`);
  return reply(
    200,
    all.slice(from, from + size).map((delivery) => deliveryJson(delivery, false)),
    next === undefined ? {} : { link: `<${world.url}${ask.target.split('?')[0]}?${query}>; rel="next"` },
  );
}

function redeliver(world: { readonly hooks: Hooks }, hook: Hook, ask: Ask): Reply {
  const earlier = world.hooks.deliveries.find(
    (delivery) => delivery.hookId === hook.id && delivery.id === Number(ask.params['delivery_id']),
  );
  if (earlier === undefined) return refuse(404, 'Not Found');
  world.hooks.send(hook, earlier.event, earlier.payload, earlier);
  return reply(202, {});
}

/** Routes under one place where hooks live. */
function deliveryRoutes(
  router: Router,
  world: { readonly hooks: Hooks; readonly url: string },
  base: string,
  find: (ask: Ask) => Hook | Reply,
): void {
  const on = (operation: string, handler: (hook: Hook, ask: Ask) => Reply): void =>
    router.on(operation, (ask) => {
      const hook = find(ask);
      return 'body' in hook ? hook : handler(hook, ask);
    });
  on(`GET ${base}/deliveries`, (hook, ask) => listDeliveries(world, hook, ask));
  on(`GET ${base}/deliveries/{delivery_id}`, (hook, ask) => {
    const found = world.hooks.deliveries.find(
      (delivery) => delivery.hookId === hook.id && delivery.id === Number(ask.params['delivery_id']),
    );
    return found === undefined ? refuse(404, 'Not Found') : reply(200, deliveryJson(found, true));
  });
  on(`POST ${base}/deliveries/{delivery_id}/attempts`, (hook, ask) => redeliver(world, hook, ask));
  on(`GET ${base}/config`, (hook) => reply(200, configJson(hook)));
  on(`PATCH ${base}/config`, (hook, ask) => {
    Object.assign(hook.config, ask.body);
    return reply(200, configJson(hook));
  });
}

/** Webhooks of repositories and organisations: create, read, change, delete, ping; and the App's own. */
export function hookRoutes(
  router: Router,
  world: { readonly hooks: Hooks; readonly url: string; readonly org: string; readonly now: () => number },
  appHook: () => Hook,
  mayManage: (ask: Ask) => Reply | null,
): void {
  deliveryRoutes(router, world, '/app/hook', (ask) =>
    ask.who.kind === 'app' ? appHook() : refuse(401, 'A JSON web token could not be decoded'),
  );
  for (const [root, type] of [
    ['/repos/{owner}/{repo}', 'repository'],
    ['/orgs/{org}', 'organization'],
  ] as const) {
    const nameOf = (ask: Ask): string => (type === 'repository' ? ask.repo : (ask.params['org'] ?? ''));
    const json = (hook: Hook, ask: Ask): Json => ({
      type: type === 'repository' ? 'Repository' : 'Organization',
      id: hook.id,
      name: hook.name,
      active: hook.active,
      events: hook.events,
      config: configJson(hook),
      updated_at: hook.updatedAt,
      created_at: hook.createdAt,
      url: `${world.url}${ask.target.split('/hooks')[0]}/hooks/${hook.id}`,
      test_url: `${world.url}${ask.target.split('/hooks')[0]}/hooks/${hook.id}/test`,
      ping_url: `${world.url}${ask.target.split('/hooks')[0]}/hooks/${hook.id}/pings`,
      deliveries_url: `${world.url}${ask.target.split('/hooks')[0]}/hooks/${hook.id}/deliveries`,
      last_response: { code: null, status: 'unused', message: null },
    });
    const own = (ask: Ask): Hook[] => world.hooks.hooks.filter((hook) => hook.target.type === type && hook.target.name === nameOf(ask));
    const find = (ask: Ask): Hook | Reply =>
      mayManage(ask) ?? own(ask).find((hook) => hook.id === Number(ask.params['hook_id'])) ?? refuse(404, 'Not Found');
    const ping = (hook: Hook): void => {
      world.hooks.send(hook, 'ping', {
        zen: 'Keep it logically awesome.',
        hook_id: hook.id,
        hook: { id: hook.id, events: hook.events, config: configJson(hook) },
      });
    };
    router.on(
      `GET ${root}/hooks`,
      (ask) =>
        mayManage(ask) ??
        reply(
          200,
          own(ask).map((hook) => json(hook, ask)),
        ),
    );
    router.on(`POST ${root}/hooks`, (ask) => {
      const barred = mayManage(ask);
      if (barred !== null) return barred;
      if (own(ask).some((hook) => hook.config.url === ask.body.config?.url))
        return invalid('Hook', { code: 'custom', message: `Hook already exists on this ${type}` });
      const hook = world.hooks.add(
        { type, id: 1, name: nameOf(ask) },
        ask.body.config,
        ask.body.events ?? ['push'],
        ask.body.active ?? true,
      );
      ping(hook);
      return reply(201, json(hook, ask));
    });
    deliveryRoutes(router, world, `${root}/hooks/{hook_id}`, find);
    const on = (operation: string, handler: (hook: Hook, ask: Ask) => Reply): void =>
      router.on(operation, (ask) => {
        const hook = find(ask);
        return 'body' in hook ? hook : handler(hook, ask);
      });
    on(`GET ${root}/hooks/{hook_id}`, (hook, ask) => reply(200, json(hook, ask)));
    on(`PATCH ${root}/hooks/{hook_id}`, (hook, ask) => {
      if (ask.body.config !== undefined) hook.config = { content_type: 'form', insecure_ssl: '0', ...ask.body.config };
      if (ask.body.events !== undefined) hook.events = ask.body.events;
      if (ask.body.active !== undefined) hook.active = ask.body.active;
      hook.updatedAt = stamp(world.now());
      return reply(200, json(hook, ask));
    });
    on(`DELETE ${root}/hooks/{hook_id}`, (hook) => {
      world.hooks.hooks.splice(world.hooks.hooks.indexOf(hook), 1);
      return reply(204);
    });
    on(`POST ${root}/hooks/{hook_id}/pings`, (hook) => {
      ping(hook);
      return reply(204);
    });
  }
}

import type { RepoRef } from '../../domain/names.schema.ts';
import type { RepositoryPolicy } from '../../domain/repository-policy.schema.ts';
import type { DatadogClient } from './client.ts';
import type { DatadogConfig } from './config.ts';
import {
  DASHBOARD_MARK,
  keyOf,
  repositoryTag,
  SECRET_VARIABLE,
  type WantedMonitor,
  wantedDashboard,
  wantedMonitors,
  wantedWebhook,
} from './desired.ts';
import { MANAGED } from './tags.ts';

/** One thing that is not yet as it must be. */
export interface Step {
  readonly action: 'create' | 'update' | 'remove';
  /** What it is, for people. */
  readonly what: string;
  /** What is different, one line each. */
  readonly difference: readonly string[];
  readonly apply: () => Promise<void>;
}

/** What must be there. */
export interface Wanted {
  /** Public address of `/webhooks/datadog`; absent: the webhook is left as it is. */
  readonly url?: string;
  /** The secret of the webhook. */
  readonly token: string;
  /** Policies of the repositories that are set up. */
  readonly repositories: ReadonlyArray<{ readonly repo: RepoRef; readonly services: RepositoryPolicy['services'] }>;
}

/** The parts of `wanted` that differ in `found`; what only the vendor adds does not count. */
function differences(wanted: unknown, found: unknown, at = ''): readonly string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return [`${at}: ${show(found)} -> ${show(wanted)}`];
    return wanted.flatMap((each, index) => differences(each, found[index], `${at}[${index}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const there = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
    return Object.entries(wanted).flatMap(([name, value]) => differences(value, there[name], at === '' ? name : `${at}.${name}`));
  }
  return wanted === found ? [] : [`${at}: ${show(found)} -> ${show(wanted)}`];
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 120));

/** Every page of the monitors that are ours. */
async function ourMonitors(client: DatadogClient) {
  const found = [];
  for (let page = 0; page < 50; page += 1) {
    const some = await client.call('monitors', 'list monitors', (api) => api.listMonitors({ monitorTags: MANAGED, page, pageSize: 100 }));
    found.push(...some.filter((monitor) => keyOf(monitor.tags) !== undefined));
    if (some.length < 100) break;
  }
  return found;
}

async function monitorSteps(client: DatadogClient, config: DatadogConfig, { repositories }: Wanted): Promise<readonly Step[]> {
  const existing = await ourMonitors(client);
  const wanted: readonly WantedMonitor[] = repositories.flatMap(({ repo, services }) => wantedMonitors(config, repo, services));
  const concerned = new Set(repositories.map(({ repo }) => repositoryTag(repo)));
  const steps: Step[] = [];
  for (const { key, body } of wanted) {
    const found = existing.find((monitor) => keyOf(monitor.tags) === key);
    if (found === undefined) {
      const apply = async () =>
        void (await client.call('monitors', `create the monitor ${body.name}`, (api) => api.createMonitor({ body })));
      steps.push({ action: 'create', what: `monitor ${body.name}`, difference: [`query: ${body.query}`], apply });
      continue;
    }
    const difference = differences({ ...body, tags: undefined }, { ...found, tags: undefined });
    const tags = [...(found.tags ?? [])].sort();
    const all = [...difference, ...differences(body.tags, tags, 'tags')];
    // The type of a monitor cannot be changed, and ours never does.
    const { type: _, ...changed } = body;
    const apply = async () =>
      void (await client.call('monitors', `update the monitor ${body.name}`, (api) =>
        api.updateMonitor({ monitorId: found.id ?? 0, body: changed }),
      ));
    if (all.length > 0) steps.push({ action: 'update', what: `monitor ${body.name}`, difference: all, apply });
  }
  const keys = new Set(wanted.map(({ key }) => key));
  for (const monitor of existing) {
    if (keys.has(keyOf(monitor.tags) ?? '') || !monitor.tags?.some((tag) => concerned.has(tag))) continue;
    const apply = async () =>
      void (await client.find('monitors', `remove the monitor ${monitor.name ?? ''}`, (api) =>
        api.deleteMonitor({ monitorId: monitor.id ?? 0 }),
      ));
    steps.push({ action: 'remove', what: `monitor ${monitor.name ?? ''}`, difference: ['the policy does not name it any more'], apply });
  }
  return steps;
}

async function webhookSteps(client: DatadogClient, config: DatadogConfig, { url, token }: Wanted): Promise<readonly Step[]> {
  if (url === undefined) return [];
  const steps: Step[] = [];
  const name = SECRET_VARIABLE;
  const variable = await client.find('webhooks', 'read the variable', (api) =>
    api.getWebhooksIntegrationCustomVariable({ customVariableName: name }),
  );
  const body = { name, value: token, isSecret: true };
  if (variable === null)
    steps.push({
      action: 'create',
      what: `secret variable ${name}`,
      difference: ['value: not shown'],
      apply: async () =>
        void (await client.call('webhooks', 'create the variable', (api) => api.createWebhooksIntegrationCustomVariable({ body }))),
    });
  // Datadog never gives a secret back, so whether it is still ours cannot be seen: it is written again, which changes nothing if it was.
  else
    steps.push({
      action: 'update',
      what: `secret variable ${name}`,
      difference: [],
      apply: async () =>
        void (await client.call('webhooks', 'update the variable', (api) =>
          api.updateWebhooksIntegrationCustomVariable({ customVariableName: name, body }),
        )),
    });
  const wanted = wantedWebhook(config, url);
  const { name: webhookName } = wanted;
  const found = await client.find('webhooks', 'read the webhook', (api) => api.getWebhooksIntegration({ webhookName }));
  const difference = found === null ? [`url: ${url}`] : differences(wanted, found);
  const write = async () =>
    void (found === null
      ? await client.call('webhooks', 'create the webhook', (api) => api.createWebhooksIntegration({ body: wanted }))
      : await client.call('webhooks', 'update the webhook', (api) => api.updateWebhooksIntegration({ webhookName, body: wanted })));
  if (difference.length > 0)
    steps.push({ action: found === null ? 'create' : 'update', what: `webhook ${webhookName}`, difference, apply: write });
  return steps;
}

async function dashboardSteps(client: DatadogClient): Promise<readonly Step[]> {
  const body = wantedDashboard();
  const { dashboards = [] } = await client.call('dashboards', 'list dashboards', (api) => api.listDashboards({}));
  const id = dashboards.find((each) => each.description === DASHBOARD_MARK)?.id;
  if (id === undefined) {
    const apply = async () =>
      void (await client.call('dashboards', 'create the dashboard', (api) => api.createDashboard({ body: body as never })));
    return [{ action: 'create', what: `dashboard ${body.title}`, difference: [`${body.widgets.length} charts`], apply }];
  }
  const found = await client.call('dashboards', 'read the dashboard', (api) => api.getDashboard({ dashboardId: id }));
  const difference = differences(body, found);
  if (difference.length === 0) return [];
  const apply = async () =>
    void (await client.call('dashboards', 'update the dashboard', (api) => api.updateDashboard({ dashboardId: id, body: body as never })));
  return [{ action: 'update', what: `dashboard ${body.title}`, difference, apply }];
}

/** What is to be done so that Datadog is as the policies say; nothing is written before a step is applied. */
export async function planSetup(client: DatadogClient, config: DatadogConfig, wanted: Wanted): Promise<readonly Step[]> {
  return [
    ...(await webhookSteps(client, config, wanted)),
    ...(await monitorSteps(client, config, wanted)),
    ...(await dashboardSteps(client)),
  ];
}

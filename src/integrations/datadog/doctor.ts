import { setTimeout as pause } from 'node:timers/promises';
import type { Finding } from '../contract.ts';
import { type DatadogClient, hasKeys, type Secrets } from './client.ts';
import type { DatadogConfig } from './config.ts';
import { wantedWebhook } from './desired.ts';
import { scope } from './tags.ts';

/** An event needs a moment until it can be read. */
const LOOKS = 10;
const LOOK_EVERY_MS = 1_000;

async function finding(name: string, check: () => Promise<string>): Promise<Finding> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function roundTrip(client: DatadogClient, lookEveryMs: number): Promise<string> {
  const { event } = await client.call('events', 'post an event', (api) =>
    api.createEvent({
      body: { title: 'Suture: doctor', text: 'Proves that events arrive.', sourceTypeName: 'suture', tags: ['source:suture', 'doctor'] },
    }),
  );
  const eventId = event?.id;
  if (eventId === undefined) throw new Error('Datadog took an event and named no id for it');
  for (let look = 0; look < LOOKS; look += 1) {
    const found = await client.find('events', 'read the event', (api) => api.getEvent({ eventId }));
    if (found !== null) return `an event was posted and read back (${eventId})`;
    await pause(lookEveryMs);
  }
  throw new Error(`the event ${eventId} was taken and could not be read back: the application key needs events_read`);
}

/** `suture doctor datadog`: keys, site, permissions, webhook and a round trip, each with the way out. */
export async function diagnose(
  client: DatadogClient,
  config: DatadogConfig,
  secret: Secrets,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<readonly Finding[]> {
  if (!hasKeys(secret))
    return [
      {
        name: 'keys',
        ok: false,
        detail: 'the secrets datadog-api-key and datadog-app-key are missing: alerts still come in, nothing goes out; see docs/datadog.md',
      },
    ];
  const key = await finding('API key', async () => {
    const { valid } = await client.call('authentication', 'check the API key', (api) => api.validate());
    if (valid !== true) throw new Error(`it is not valid at ${config.site}`);
    return `valid at ${config.apiUrl ?? config.site}`;
  });
  if (!key.ok) return [key];
  const [probe] = Object.keys(config.services);
  const query = `avg(last_5m):avg:${config.metrics.cpu}{${probe === undefined ? '*' : scope(probe, 'production')}} > 1`;
  return [
    key,
    await finding('application key: monitors_read', async () => {
      const found = await client.call('monitors', 'list monitors', (api) => api.listMonitors({ page: 0, pageSize: 1 }));
      return `monitors can be read (${found.length === 0 ? 'there are none' : 'there are some'})`;
    }),
    await finding('application key: monitors_write', async () => {
      await client.call('monitors', 'validate a monitor', (api) =>
        api.validateMonitor({
          body: { name: 'Suture: doctor', type: 'query alert', query, message: '', options: { thresholds: { critical: 1 } } },
        }),
      );
      return 'monitors can be written';
    }),
    await finding('application key: timeseries_query', async () => {
      const to = Math.floor(Date.now() / 1000);
      await client.call('query', 'query metrics', (api) => api.queryMetrics({ from: to - 300, to, query: `avg:${config.metrics.cpu}{*}` }));
      return 'metrics can be read';
    }),
    await finding('webhook', async () => {
      const found = await client.find('webhooks', 'read the webhook', (api) =>
        api.getWebhooksIntegration({ webhookName: config.webhookName }),
      );
      if (found === null)
        throw new Error(`there is no webhook ${config.webhookName}; run: suture setup datadog --url https://<host>/webhooks/datadog`);
      const wanted = wantedWebhook(config, found.url);
      if (found.payload !== wanted.payload || found.customHeaders !== wanted.customHeaders)
        throw new Error(
          `the webhook ${config.webhookName} has another payload or header than ours; run: suture setup datadog --url ${found.url}`,
        );
      return `${config.webhookName} goes to ${found.url}`;
    }),
    await finding('round trip', () => roundTrip(client, lookEveryMs)),
  ];
}

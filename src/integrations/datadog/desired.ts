import type { Dashboard } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/models/Dashboard.js';
import type { Monitor } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/models/Monitor.js';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { RepositoryPolicy } from '../../domain/repository-policy.schema.ts';
import type { DatadogConfig } from './config.ts';
import { DATADOG_PAYLOAD } from './payload.ts';
import { queriesOf } from './queries.ts';
import { MANAGED, tagValue } from './tags.ts';

type Service = RepositoryPolicy['services'][number];
type Watched = NonNullable<NonNullable<Service['monitors']>['cpu']>;

/** Name of the variable that holds the webhook's secret, which Datadog never shows again. */
export const SECRET_VARIABLE = 'SUTURE_WEBHOOK_TOKEN';

/** What a monitor of ours is known by, however it is renamed. */
const KEY = 'suture-key:';

/** A monitor as it must be; `key` names it for ever. */
export interface WantedMonitor {
  readonly key: string;
  readonly body: Pick<Monitor, 'name' | 'type' | 'query' | 'message' | 'tags'> & {
    readonly options: {
      readonly thresholds: { readonly critical: number; readonly warning?: number };
      readonly notifyNoData: boolean;
      readonly includeTags: boolean;
      readonly requireFullWindow: boolean;
    };
  };
}

/** The key of a monitor of ours; undefined for everybody else's. */
export function keyOf(tags: readonly string[] | undefined): string | undefined {
  return tags?.includes(MANAGED) === true ? tags.find((tag) => tag.startsWith(KEY))?.slice(KEY.length) : undefined;
}

/** The tag of all monitors of one repository. */
export function repositoryTag({ owner, name }: RepoRef): string {
  return `suture-repo:${tagValue(`${owner}/${name}`, 'the repository')}`.toLowerCase();
}

/** The monitors that the policy of a repository asks for. */
export function wantedMonitors(config: DatadogConfig, repo: RepoRef, services: readonly Service[]): readonly WantedMonitor[] {
  return services.flatMap(({ name, environment, monitors }) => {
    if (monitors === undefined) return [];
    const asked = queriesOf(config, name, environment);
    const one = (
      kind: string,
      title: string,
      watched: Watched | undefined,
      query: (minutes: number) => string,
    ): readonly WantedMonitor[] => {
      if (watched === undefined) return [];
      const { threshold, warning, minutes } = watched;
      const key = `${name}/${environment}/${kind}`.toLowerCase();
      return [
        {
          key,
          body: {
            name: `${title} of ${name} in ${environment}`,
            type: 'query alert',
            query: `${query(minutes)} > ${threshold}`,
            message: `${title} of ${name} in ${environment} is beyond its limit. @webhook-${config.webhookName}`,
            tags: [MANAGED, `${KEY}${key}`, repositoryTag(repo), `service:${name}`, `env:${environment}`, ...monitors.tags].sort(),
            options: {
              thresholds: { critical: threshold, ...(warning === undefined ? {} : { warning }) },
              notifyNoData: false,
              includeTags: true,
              requireFullWindow: false,
            },
          },
        },
      ];
    };
    return [
      ...one('error-rate', 'Error rate', monitors.errorRate, (minutes) => `sum(last_${minutes}m):${asked.errors} / ${asked.requests}`),
      ...one('latency', 'Latency', monitors.latency, (minutes) => `avg(last_${minutes}m):${asked.latency}`),
      ...one('cpu', 'CPU use', monitors.cpu, (minutes) => `avg(last_${minutes}m):${asked.cpu}`),
    ];
  });
}

/** The webhook definition: our payload, and the secret by its variable. */
export function wantedWebhook(config: DatadogConfig, url: string) {
  return {
    name: config.webhookName,
    url,
    payload: JSON.stringify(DATADOG_PAYLOAD),
    customHeaders: JSON.stringify({ [config.headerName]: `$${SECRET_VARIABLE}` }),
    encodeAs: 'json',
  } as const;
}

/** Says whose dashboard it is; found again by it. */
export const DASHBOARD_MARK = 'Kept by `suture setup datadog`. managed-by:suture';

const chart = (title: string, ...queries: readonly string[]) => ({
  definition: {
    title,
    type: 'timeseries' as const,
    requests: queries.map((q) => ({ q, displayType: 'bars' as const })),
  },
});

/** How Suture itself does. */
export function wantedDashboard(): Pick<Dashboard, 'title' | 'description' | 'layoutType' | 'widgets'> {
  return {
    title: 'Suture',
    description: DASHBOARD_MARK,
    layoutType: 'ordered',
    widgets: [
      chart('Healings by outcome', 'sum:suture.healing.ended{*} by {outcome}.as_count()'),
      chart('Healings by class', 'sum:suture.healing.ended{*} by {class}.as_count()'),
      chart('Seconds to claim', 'avg:suture.healing.claim_seconds{*}'),
      chart('Seconds to diagnose', 'avg:suture.healing.diagnose_seconds{*}'),
      chart('Seconds to green checks', 'avg:suture.healing.green_seconds{*}'),
      chart('Seconds to verified in production', 'avg:suture.healing.verified_seconds{*}'),
      chart('Attempts', 'avg:suture.healing.attempts{*}'),
      chart('Sandbox seconds (cost)', 'sum:suture.healing.sandbox_seconds{*}.as_count()'),
      chart('Seconds in the queue', 'max:suture.healing.queue_seconds{*}'),
      {
        definition: { title: 'Steps of healings', type: 'event_stream' as const, query: 'source:suture', eventSize: 's' as const },
      },
    ],
  };
}

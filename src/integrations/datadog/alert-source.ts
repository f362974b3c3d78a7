import type { RepoRef } from '../../domain/names.schema.ts';
import type { Signal } from '../../domain/signal.schema.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import { sameSecret } from '../../lib/same-secret.ts';
import type { AlertSource, IntegrationContext, Parsed, RawRequest } from '../contract.ts';
import type { DatadogConfig } from './config.ts';
import { DatadogDelivery } from './payload.ts';

/** Deliveries older than this, or further in the future, are not acted on: Datadog retries for minutes, not for hours. */
const AGE_LIMIT_MS = 60 * 60_000;
const SKEW_MS = 5 * 60_000;

const KINDS: Readonly<Record<string, 'alert-triggered' | 'alert-recovered'>> = {
  Triggered: 'alert-triggered',
  'Re-Triggered': 'alert-triggered',
  Warn: 'alert-triggered',
  'Re-Warn': 'alert-triggered',
  'No Data': 'alert-triggered',
  'Re-No Data': 'alert-triggered',
  Renotify: 'alert-triggered',
  Recovered: 'alert-recovered',
};

function ignored(reason: string): Parsed {
  return { kind: 'ignored', reason };
}

/** `service:` of Datadog's comma-separated tags. */
function serviceOf(tags: string | undefined): string | undefined {
  return tags
    ?.split(',')
    .map((tag) => tag.trim())
    .find((tag) => tag.startsWith('service:'))
    ?.slice('service:'.length);
}

/** A monitor group as part of a subject: safe characters only, at most 60. */
function groupSlug(scope: string | undefined): string {
  const slug = (scope ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9:._-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'all' : slug.slice(0, 60);
}

function repoOf(fullName: string): RepoRef {
  const [owner = '', name = ''] = fullName.split('/');
  return { owner, name };
}

/** Datadog's webhooks carry no signature: the secret header is compared in constant time. */
export function createDatadogSource(context: IntegrationContext<DatadogConfig>): AlertSource {
  const { config } = context;
  return {
    maxBytes: 1024 * 1024,
    verify(request: RawRequest) {
      const given = request.headers[config.headerName];
      if (given === undefined || given === '') return { ok: false, reason: `the header ${config.headerName} is missing` };
      // Every secret is compared, so that timing does not tell which one is current.
      const matches = context.secret('datadog-webhook').map((held) => sameSecret(given, held));
      return matches.includes(true) ? { ok: true } : { ok: false, reason: `the header ${config.headerName} is wrong` };
    },
    parse(request: RawRequest) {
      const json = parseOutsideJson(request.body);
      if (!json.ok) return { kind: 'invalid', reason: json.reason };
      const read = DatadogDelivery.safeParse(json.value);
      if (!read.success) return { kind: 'invalid', reason: 'the body is not a JSON object' };
      const delivery = read.data;
      if (delivery.alert_id === undefined || delivery.alert_transition === undefined)
        return ignored('no alert id or transition: a test delivery, or not our payload');
      const kind = KINDS[delivery.alert_transition];
      if (kind === undefined) return ignored('this transition is not acted on');
      if (!/^[A-Za-z0-9]{1,40}$/.test(delivery.alert_id)) return ignored('the alert id is not one of Datadog');
      const service = serviceOf(delivery.tags);
      if (service === undefined) return ignored('the monitor has no `service:` tag');
      const repository = Object.hasOwn(config.services, service) ? config.services[service] : undefined;
      if (repository === undefined) return ignored('the service is not in `integrations.datadog.services`');
      const at = delivery.date !== undefined && /^\d{12,14}$/.test(delivery.date) ? new Date(Number(delivery.date)) : request.receivedAt;
      const age = request.receivedAt.getTime() - at.getTime();
      if (age > AGE_LIMIT_MS) return ignored('the delivery is older than an hour');
      if (age < -SKEW_MS) return ignored('the delivery is from the future');
      const facts: Record<string, string> = { monitor: delivery.alert_id, transition: delivery.alert_transition };
      for (const [name, value] of Object.entries({
        cycle: delivery.alert_cycle_key,
        scope: delivery.alert_scope,
        metric: delivery.alert_metric,
        status: delivery.alert_status,
        link: delivery.link,
      })) {
        if (value !== undefined) facts[name] = value.slice(0, 500);
      }
      const signal: Signal = {
        id: [
          'datadog',
          delivery.alert_id,
          delivery.alert_cycle_key ?? delivery.aggreg_key ?? '-',
          delivery.alert_transition,
          delivery.id ?? delivery.last_updated ?? delivery.date ?? '-',
        ]
          .join(':')
          .slice(0, 200),
        source: 'datadog',
        kind,
        repo: repoOf(repository),
        subject: `monitor/${delivery.alert_id}:${groupSlug(delivery.alert_scope)}`,
        at: at.toISOString(),
        actor: { id: 'datadog', trust: 'system' },
        summary: (delivery.alert_title ?? delivery.title ?? `monitor ${delivery.alert_id}`).slice(0, 300),
        service: service.slice(0, 100),
        facts,
      };
      return { kind: 'signals', signals: [signal] };
    },
  };
}

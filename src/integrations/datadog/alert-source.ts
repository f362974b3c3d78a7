import type { RepoRef } from '../../domain/names.schema.ts';
import type { Signal } from '../../domain/signal.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import { sameSecret } from '../../lib/same-secret.ts';
import { deliveryId, slug } from '../../lib/short-name.ts';
import type { AlertSource, IntegrationContext, Parsed, RawRequest } from '../contract.ts';
import type { DatadogConfig } from './config.ts';
import { DatadogDelivery } from './payload.ts';
import { tagValues } from './tags.ts';

/** Older deliveries, or ones further in the future, are not acted on: Datadog retries for minutes, not for hours. */
const AGE_LIMIT_MS = 60 * 60_000;
const SKEW_MS = 5 * 60_000;

/** Longest fact, in characters: a healing keeps signals in its history, so they are small. */
const FACT_CHARACTERS = 250;

const KINDS: ReadonlyMap<string, 'alert-triggered' | 'alert-recovered'> = new Map([
  ['Triggered', 'alert-triggered'],
  ['Re-Triggered', 'alert-triggered'],
  ['Warn', 'alert-triggered'],
  ['Re-Warn', 'alert-triggered'],
  ['No Data', 'alert-triggered'],
  ['Re-No Data', 'alert-triggered'],
  ['Renotify', 'alert-triggered'],
  ['Recovered', 'alert-recovered'],
]);

function ignored(reason: string): Parsed {
  return { kind: 'ignored', reason };
}

function repoOf(fullName: string): RepoRef {
  const [owner = '', name = ''] = fullName.split('/');
  return { owner, name };
}

/** Which configured service an alert is about; a text says why none. */
function findService(
  tags: string | undefined,
  services: DatadogConfig['services'],
): { readonly service: string; readonly repo: RepoRef } | string {
  const named = tagValues(tags, 'service');
  if (named.length === 0) return 'the alert has no `service:` tag; tag the monitor or group it by service';
  for (const service of named) {
    const repository = Object.hasOwn(services, service) ? services[service] : undefined;
    if (repository !== undefined) return { service, repo: repoOf(repository) };
  }
  return `the service \`${oneLine(named[0] ?? '', 100)}\` is not in the configuration; add it to \`integrations.datadog.services\` as \`<service>: <owner>/<name>\``;
}

function factsOf(delivery: DatadogDelivery): Record<string, string> {
  const named = {
    monitor: delivery.alert_id,
    transition: delivery.alert_transition,
    cycle: delivery.alert_cycle_key,
    scope: delivery.alert_scope,
    metric: delivery.alert_metric,
    status: delivery.alert_status,
    link: delivery.link,
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, oneLine(value, FACT_CHARACTERS)]])),
  );
}

/** What a delivery reports; `parse` has read its JSON. */
function signalsFrom(delivery: DatadogDelivery, config: Pick<DatadogConfig, 'services'>, receivedAt: Date): Parsed {
  const { alert_id: monitor, alert_transition: transition } = delivery;
  if (monitor === undefined || transition === undefined) {
    return ignored('no alert id or transition: a test delivery, or a webhook without the payload of docs/datadog.md');
  }
  const kind = KINDS.get(transition);
  if (kind === undefined) return ignored('this transition is not acted on');
  if (!/^[A-Za-z0-9]{1,40}$/.test(monitor)) return ignored('the alert id is not one of Datadog');
  const found = findService(delivery.tags, config.services);
  if (typeof found === 'string') return ignored(found);
  // `$DATE` is in milliseconds since the epoch.
  const at = delivery.date !== undefined && /^\d{12,14}$/.test(delivery.date) ? new Date(Number(delivery.date)) : receivedAt;
  const age = receivedAt.getTime() - at.getTime();
  if (age > AGE_LIMIT_MS) return ignored('the delivery is older than an hour');
  if (age < -SKEW_MS) return ignored('the delivery is from the future');
  const moment = delivery.id ?? delivery.last_updated ?? delivery.date ?? '-';
  const signal: Signal = {
    id: deliveryId('datadog', [monitor, delivery.alert_cycle_key ?? delivery.aggreg_key ?? '-', transition, moment]),
    source: 'datadog',
    kind,
    repo: found.repo,
    // One monitor watches many groups; each is a problem of its own.
    subject: `monitor/${monitor}:${delivery.alert_scope === undefined ? 'all' : slug(delivery.alert_scope, 60)}`,
    at: at.toISOString(),
    actor: { id: 'datadog', trust: 'system' },
    summary: oneLine(delivery.alert_title ?? delivery.title ?? `monitor ${monitor}`, 300),
    service: oneLine(found.service, 100),
    facts: factsOf(delivery),
  };
  return { kind: 'signals', signals: [signal] };
}

/** Datadog's webhooks carry no signature: the secret header is compared in constant time. */
export function createDatadogSource(context: IntegrationContext<Pick<DatadogConfig, 'services' | 'headerName'>>): AlertSource {
  const { config } = context;
  return {
    maxBytes: 256 * 1024,
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
      return read.success
        ? signalsFrom(read.data, config, request.receivedAt)
        : { kind: 'invalid', reason: 'the body is not a JSON object' };
    },
  };
}

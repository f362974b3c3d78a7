import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { FAILURES, Failure } from '../../domain/failure.ts';
import type { Milestone } from '../../domain/milestone.ts';
import { oneLine } from '../../lib/one-line.ts';
import { createOutbox } from '../../lib/outbox.ts';
import type { Telemetry } from '../contract.ts';
import type { DatadogClient } from './client.ts';
import { scope } from './tags.ts';

/** Types of points in the API of series. */
const TYPES = { count: 1, gauge: 3 } as const;
/** Datadog takes points of the last hour only. */
const OLDEST_POINT_MS = 55 * 60_000;

const Sent = z.discriminatedUnion('form', [
  z.object({
    form: z.literal('event'),
    title: z.string(),
    text: z.string(),
    at: z.number(),
    key: z.string(),
    alertType: z.enum(['info', 'success', 'warning', 'error']),
    tags: z.array(z.string()),
  }),
  z.object({
    form: z.literal('series'),
    points: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['count', 'gauge']),
        value: z.number(),
        at: z.string(),
        tags: z.record(z.string(), z.string()),
      }),
    ),
  }),
  z.object({ form: z.literal('downtime'), scope: z.string(), message: z.string(), minutes: z.number(), until: z.number() }),
]);
type Sent = z.infer<typeof Sent>;

/** Events of one healing are one group at Datadog. */
const groupOf = (healingId: string): string => `suture-${createHash('sha256').update(healingId).digest('hex').slice(0, 40)}`;

/** A tag whose value is outside text: Datadog's alphabet, everything else an underscore. */
const tag = (name: string, value: string): string => `${name}:${value.replace(/[^A-Za-z0-9_.:/-]/g, '_').slice(0, 150)}`;

function alertType({ kind, outcome }: Milestone): Extract<Sent, { form: 'event' }>['alertType'] {
  if (kind === 'undone') return 'error';
  if (kind !== 'ended') return kind === 'verified' ? 'success' : 'info';
  return outcome?.kind === 'healed' ? 'success' : outcome?.kind === 'escalated' || outcome?.kind === 'expired' ? 'warning' : 'info';
}

function eventOf(milestone: Milestone): Sent {
  const { kind, healingId, repo, subject, at, title, text, service, environment, sha, url, outcome } = milestone;
  const lines = [
    text,
    ...(sha === undefined ? [] : [`commit ${sha}`]),
    ...(url !== undefined && /^https?:\/\/[^\s<>()"'`]+$/.test(url) ? [url] : []),
  ];
  return {
    form: 'event',
    title: oneLine(`Suture: ${kind}: ${title}`, 100),
    // Datadog reads markdown between these fences only, so nothing from outside is formatted.
    text: lines
      .map((line) => oneLine(line, 1_000).replaceAll('%%%', ''))
      .join('\n')
      .slice(0, 4_000),
    at: Math.floor(Date.parse(at) / 1000),
    key: groupOf(healingId),
    alertType: alertType(milestone),
    tags: [
      'source:suture',
      tag('milestone', kind),
      tag('repository', `${repo.owner}/${repo.name}`),
      tag('subject', subject),
      ...(service === undefined ? [] : [tag('service', service)]),
      ...(environment === undefined ? [] : [tag('env', environment)]),
      ...(outcome === undefined ? [] : [tag('outcome', outcome.kind), tag('reason', outcome.reason)]),
    ],
  };
}

/** Healings as events, Suture as metrics, and monitors that are quiet while it deploys: each once per key, kept while Datadog is away. */
export function createDatadogTelemetry(
  client: DatadogClient,
  options: { readonly stateDir: string; readonly now: () => number },
): Telemetry {
  const { now } = options;

  async function send(sent: Sent): Promise<void> {
    switch (sent.form) {
      case 'event': {
        const { title, text, at, key, alertType: type, tags } = sent;
        const body = { title, text, dateHappened: at, aggregationKey: key, alertType: type, sourceTypeName: 'suture', tags };
        await client.call('events', 'post an event', (api) => api.createEvent({ body }));
        return;
      }
      case 'series': {
        const fresh = sent.points.filter(({ at }) => now() - Date.parse(at) < OLDEST_POINT_MS);
        if (fresh.length === 0) return;
        const series = fresh.map(({ name, kind, value, at, tags }) => ({
          metric: name,
          type: TYPES[kind],
          points: [{ timestamp: Math.floor(Date.parse(at) / 1000), value }],
          tags: Object.entries(tags).map(([tagName, text]) => tag(tagName, text)),
        }));
        await client.call('series', 'submit metrics', (api) => api.submitMetrics({ body: { series } }));
        return;
      }
      case 'downtime': {
        const end = new Date(sent.until);
        if (end.getTime() <= now()) return;
        await client.call('downtimes', 'silence monitors', (api) =>
          api.createDowntime({
            body: {
              data: {
                type: 'downtime',
                attributes: {
                  scope: sent.scope,
                  message: sent.message,
                  monitorIdentifier: { monitorTags: ['*'] },
                  schedule: { start: undefined, end } as never,
                },
              },
            },
          }),
        );
      }
    }
  }

  const outbox = createOutbox<Sent>(join(options.stateDir, 'datadog'), {
    parse: (value) => Sent.parse(value),
    send,
    keeps: (error) => error instanceof Failure && FAILURES[error.code].retry,
    recipient: (_sent, key) => key,
    now,
  });
  return {
    milestone: (milestone, key) => outbox.deliver(key, eventOf(milestone)),
    submit: (points, key) =>
      outbox.deliver(key, { form: 'series', points: points.slice(0, 100).map((point) => ({ ...point, tags: { ...point.tags } })) }),
    quiet: ({ service, environment, minutes }, key) =>
      outbox.deliver(key, {
        form: 'downtime',
        scope: scope(service, environment).replace(',', ' AND '),
        message: `Suture deploys ${service}; ends by itself`,
        minutes,
        until: now() + minutes * 60_000,
      }),
    catchUp: () => outbox.catchUp(),
  };
}

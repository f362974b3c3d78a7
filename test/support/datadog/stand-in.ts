import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type FaultKind, play } from './faults.ts';
import { monitorValue, type Point, query, readMonitor, rollUp } from './series.ts';
import { specCheck } from './spec-check.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of a vendor, of many shapes
type Json = any;

/** Keys that the stand-in takes. */
export const KEYS = { api: 'a'.repeat(32), app: 'b'.repeat(40) } as const;

/** A stand-in for Datadog: a server that keeps monitors, series, events, webhooks, dashboards and downtimes, computes the monitors from the series, and calls the webhooks. */
export interface DatadogStandIn {
  readonly url: string;
  readonly monitors: Map<number, Json>;
  readonly webhooks: Map<string, Json>;
  readonly variables: Map<string, Json>;
  readonly dashboards: Map<string, Json>;
  readonly events: Json[];
  readonly downtimes: Json[];
  readonly points: Point[];
  /** Calls so far, `METHOD /path`. */
  readonly calls: string[];
  /** What was not as the specification has it; empty without one. */
  readonly objections: string[];
  /** Puts points in as an agent would. */
  feed(metric: string, value: number, tags: readonly string[], at?: number): void;
  /** Computes every monitor from the series and calls webhooks where a state changed. */
  evaluate(now?: number): Promise<void>;
  /** The next calls that match go wrong. */
  fault(kind: FaultKind, match: RegExp, times?: number): { readonly hits: () => number };
  clearFaults(): void;
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback. `minuteMs`: how long a minute of its monitors' windows and series lasts, so that a story need not take hours. */
export async function startDatadogStandIn({ minuteMs = 60_000 }: { readonly minuteMs?: number } = {}): Promise<DatadogStandIn> {
  const monitors = new Map<number, Json>();
  const webhooks = new Map<string, Json>();
  const variables = new Map<string, Json>();
  const dashboards = new Map<string, Json>();
  const events: Json[] = [];
  const downtimes: Json[] = [];
  const points: Point[] = [];
  const calls: string[] = [];
  const objections: string[] = [];
  let rules: Array<{ readonly kind: FaultKind; readonly match: RegExp; left: number; hits: number }> = [];
  let ids = 4711;
  const check = await specCheck();

  const created = (body: Json): Json => {
    ids += 1;
    return { id: ids, ...body, overall_state: 'No Data', options: { include_tags: true, ...body.options } };
  };

  function serve(method: string, path: string, search: URLSearchParams, body: Json): readonly [status: number, answer: Json] {
    const [, , version, ...rest] = path.split('/');
    const at = `${method} /${version}/${rest.join('/')}`;
    const last = decodeURIComponent(rest.at(-1) ?? '');
    const missing = [404, { errors: [`${last} not found`] }] as const;
    if (at === 'GET /v1/validate') return [200, { valid: true }];
    if (at === 'GET /v1/monitor') {
      const wanted = (search.get('monitor_tags') ?? '').split(',').filter(Boolean);
      const all = [...monitors.values()].filter(({ tags }) => wanted.every((tag) => tags.includes(tag)));
      const size = Number(search.get('page_size') ?? 100);
      const start = Number(search.get('page') ?? 0) * size;
      return [200, all.slice(start, start + size)];
    }
    if (at === 'POST /v1/monitor' || at === 'POST /v1/monitor/validate') {
      try {
        readMonitor(body.query);
      } catch (error) {
        return [400, { errors: [String(error)] }];
      }
      if (at.endsWith('validate')) return [200, {}];
      const monitor = created(body);
      monitors.set(monitor.id, monitor);
      return [200, monitor];
    }
    if (/^(PUT|DELETE) \/v1\/monitor\/\d+$/.test(at)) {
      const monitor = monitors.get(Number(last));
      if (monitor === undefined) return missing;
      if (method === 'DELETE') monitors.delete(monitor.id);
      else monitors.set(monitor.id, { ...monitor, ...body });
      return [200, method === 'DELETE' ? { deleted_monitor_id: monitor.id } : monitors.get(monitor.id)];
    }
    const hooks = '/v1/integration/webhooks/configuration';
    for (const [kind, held] of [
      ['webhooks', webhooks],
      ['custom-variables', variables],
    ] as const) {
      const shown = (one: Json): Json => (one.is_secret === true ? { name: one.name, is_secret: true } : one);
      if (at === `POST ${hooks}/${kind}`) {
        if (held.has(body.name)) return [400, { errors: ['it exists'] }];
        held.set(body.name, body);
        return [201, shown(body)];
      }
      if (at.endsWith(`${hooks}/${kind}/${rest.at(-1)}`)) {
        const there = held.get(last);
        if (there === undefined) return missing;
        if (method === 'PUT') held.set(last, { ...there, ...body });
        return [200, shown(held.get(last))];
      }
    }
    if (at === 'GET /v1/dashboard')
      return [200, { dashboards: [...dashboards.values()].map(({ id, title, description }) => ({ id, title, description })) }];
    if (at === 'POST /v1/dashboard') {
      const id = `abc-${dashboards.size + 1}`;
      dashboards.set(id, { id, ...body });
      return [200, dashboards.get(id)];
    }
    if (/\/v1\/dashboard\/[^/]+$/.test(at)) {
      if (!dashboards.has(last)) return missing;
      if (method === 'PUT') dashboards.set(last, { id: last, ...body });
      return [200, dashboards.get(last)];
    }
    if (at === 'POST /v1/events') {
      ids += 1;
      events.push({ id: ids, ...body });
      return [202, { status: 'ok', event: { id: ids, title: body.title, text: body.text } }];
    }
    if (method === 'GET' && at.startsWith('GET /v1/events/')) {
      const event = events.find(({ id }) => String(id) === last);
      return event === undefined ? missing : [200, { status: 'ok', event }];
    }
    if (at === 'GET /v1/query') {
      const [from, to] = [Number(search.get('from')) * 1000, Number(search.get('to')) * 1000];
      const asked = (search.get('query') ?? '').split(/,(?![^{]*\})/);
      const series = asked.flatMap((expression, index) => {
        const pointlist = query(points, expression, from, to, rollUp((to - from) / minuteMs) * minuteMs);
        return pointlist.length === 0 ? [] : [{ query_index: index, expression, metric: expression, pointlist }];
      });
      return [200, { status: 'ok', res_type: 'time_series', from_date: from, to_date: to, series }];
    }
    if (at === 'POST /v2/series') {
      for (const one of body.series)
        for (const { timestamp, value } of one.points)
          points.push({ metric: one.metric, tags: new Set(one.tags ?? []), at: timestamp * 1000, value });
      return [202, { errors: [] }];
    }
    if (at === 'POST /v2/downtime') {
      downtimes.push(body.data.attributes);
      return [
        200,
        { data: { id: `00000000-0000-4000-8000-${String(downtimes.length).padStart(12, '0')}`, type: 'downtime', attributes: {} } },
      ];
    }
    return missing;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const raw = await buffer(request);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
    const body: Json = text === '' ? undefined : JSON.parse(text);
    const call = `${request.method} ${url.pathname}`;
    calls.push(call);
    if (check !== null)
      objections.push(
        ...check({
          method: request.method ?? '',
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          headers: request.headers as Record<string, string>,
          body,
        }),
      );
    const rule = rules.find(({ match, left }) => left > 0 && match.test(call));
    if (rule !== undefined) {
      rule.left -= 1;
      rule.hits += 1;
      if (play(rule.kind, response)) return;
    }
    // These need the API key only.
    const writes = /^(POST \/api\/v2\/series|POST \/api\/v1\/events|GET \/api\/v1\/validate)$/.test(call);
    const known = request.headers['dd-api-key'] === KEYS.api && (writes || request.headers['dd-application-key'] === KEYS.app);
    const [status, answer] = known
      ? serve(request.method ?? '', url.pathname, url.searchParams, body)
      : ([403, { errors: ['Forbidden'] }] as const);
    if (rule?.kind === 'truncated-json') return void response.writeHead(status, { 'content-type': 'application/json' }).end('{"data": [');
    if (rule?.kind === 'after-effect') return void response.destroy();
    if (rule?.kind === 'after-effect-hang') return;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  /** Calls a webhook as Datadog does: variables replaced in payload and headers. */
  async function deliver(monitor: Json, transition: string, now: number): Promise<void> {
    const names = [...String(monitor.message).matchAll(/@webhook-([\w-]+)/g)].map(([, name]) => name ?? '');
    for (const hook of names.flatMap((name) => webhooks.get(name) ?? [])) {
      ids += 1;
      const scope = monitor.tags.filter((tag: string) => /^(service|env):/.test(tag)).join(',');
      const values: Record<string, string> = {
        ID: String(ids),
        DATE: String(now),
        LAST_UPDATED: String(now),
        EVENT_TITLE: `[${transition}] ${monitor.name}`,
        ALERT_ID: String(monitor.id),
        ALERT_TITLE: `[${transition}] ${monitor.name}`,
        ALERT_TRANSITION: transition,
        ALERT_CYCLE_KEY: String(monitor.cycle ?? 0),
        ALERT_SCOPE: scope,
        ALERT_METRIC: '',
        AGGREG_KEY: String(monitor.id),
        TAGS: monitor.tags.join(','),
        LINK: `https://app.datadoghq.com/monitors/${monitor.id}`,
      };
      const fill = (text: string): string =>
        text.replace(/\$([A-Z_]+)/g, (whole, name: string) => values[name] ?? variables.get(name)?.value ?? whole);
      await fetch(hook.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...JSON.parse(fill(hook.custom_headers ?? '{}')) },
        body: fill(hook.payload),
      }).catch(() => undefined);
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    monitors,
    webhooks,
    variables,
    dashboards,
    events,
    downtimes,
    points,
    calls,
    objections,
    feed: (metric, value, tags, at = Date.now()) => void points.push({ metric, tags: new Set(tags), at, value }),
    async evaluate(now = Date.now()) {
      for (const monitor of monitors.values()) {
        const value = monitorValue(points, monitor.query, now, minuteMs);
        const { critical, warning } = monitor.options.thresholds;
        const state = value === null ? 'No Data' : value > critical ? 'Alert' : warning !== undefined && value > warning ? 'Warn' : 'OK';
        const before: string = monitor.overall_state;
        monitor.overall_state = state;
        if (state === before || (before === 'No Data' && state === 'OK') || state === 'No Data') continue;
        if (state !== 'OK') monitor.cycle = before === 'Alert' || before === 'Warn' ? monitor.cycle : now;
        await deliver(monitor, state === 'Alert' ? 'Triggered' : state === 'Warn' ? 'Warn' : 'Recovered', now);
      }
    },
    fault(kind, match, times = 1) {
      const rule = { kind, match, left: times, hits: 0 };
      rules.push(rule);
      return { hits: () => rule.hits };
    },
    clearFaults: () => {
      rules = [];
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

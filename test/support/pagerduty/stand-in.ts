import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What goes wrong with the next event. */
export type PagerFault = 'bad-request' | 'forbidden' | 'limit' | 'server-error' | 'reset' | 'hang' | 'garbage' | 'after-effect';

/** An incident as PagerDuty keeps it: events with one key are one. */
export interface PagerIncident {
  readonly key: string;
  state: 'triggered' | 'acknowledged' | 'resolved';
  readonly summaries: string[];
  readonly last: Readonly<Record<string, unknown>>;
}

/** A stand-in for PagerDuty's Events API v2 that keeps state; a real server on loopback. */
export interface PagerDutyStandIn {
  readonly url: string;
  /** In order of their first event. */
  readonly incidents: readonly PagerIncident[];
  /** What was wrong with events that PagerDuty would have refused. */
  readonly problems: readonly string[];
  fail(...faults: readonly PagerFault[]): void;
  close(): Promise<void>;
}

/** The key that the stand-in takes. */
export const ROUTING_KEY = 'R0123456789ABCDEF0123456789ABCDE';

type Event = Record<string, unknown> & { readonly payload?: Record<string, unknown> };

/** What the documentation asks of an event; null when all of it is there. */
function problemOf(event: Event): string | null {
  const text = (value: unknown, max: number): boolean => typeof value === 'string' && value !== '' && value.length <= max;
  if (event['routing_key'] !== ROUTING_KEY) return 'routing_key is invalid';
  if (!['trigger', 'acknowledge', 'resolve'].includes(String(event['event_action']))) return 'event_action is invalid';
  if (event['event_action'] !== 'trigger') return text(event['dedup_key'], 255) ? null : 'dedup_key is required';
  if (event['dedup_key'] !== undefined && !text(event['dedup_key'], 255)) return 'dedup_key is too long';
  const { payload } = event;
  if (payload === undefined) return 'payload is required';
  if (!text(payload['summary'], 1024)) return 'payload.summary is required, at most 1024 characters';
  if (!text(payload['source'], 10_000)) return 'payload.source is required';
  if (!['critical', 'error', 'warning', 'info'].includes(String(payload['severity']))) return 'payload.severity is invalid';
  const links = (event['links'] ?? []) as ReadonlyArray<Record<string, unknown>>;
  if (!links.every((link) => text(link['href'], 2000))) return 'links[].href is required';
  return null;
}

/** Starts it. */
export async function startPagerDutyStandIn(): Promise<PagerDutyStandIn> {
  const incidents: PagerIncident[] = [];
  const problems: string[] = [];
  const faults: PagerFault[] = [];
  const answer = (response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  const take = (event: Event): void => {
    const key = String(event['dedup_key']);
    const open = incidents.findLast((incident) => incident.key === key && incident.state !== 'resolved');
    if (event['event_action'] === 'trigger') {
      const summary = String(event.payload?.['summary']);
      if (open === undefined) incidents.push({ key, state: 'triggered', summaries: [summary], last: event });
      else open.summaries.push(summary);
    } else if (open !== undefined) open.state = event['event_action'] === 'resolve' ? 'resolved' : 'acknowledged';
  };
  const server = createServer((request, response) => {
    void (async () => {
      const event = (await json(request)) as Event;
      const fault = faults.shift();
      if (fault === 'hang') return;
      if (fault === 'reset') return void request.socket.destroy();
      if (fault === 'garbage') return void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway');
      if (fault === 'server-error') return answer(response, 500, { status: 'error' });
      if (fault === 'limit') return answer(response, 429, { status: 'throttle exceeded' }, { 'retry-after': '7' });
      if (fault === 'forbidden') return answer(response, 403, { status: 'forbidden' });
      const problem = request.url === '/v2/enqueue' && request.method === 'POST' ? problemOf(event) : 'no such path';
      if (fault === 'bad-request' || problem !== null) {
        if (problem !== null) problems.push(problem);
        return answer(response, 400, { status: 'invalid event', message: 'Event object is invalid', errors: [problem ?? 'asked for'] });
      }
      take(event);
      if (fault === 'after-effect') return void request.socket.destroy();
      answer(response, 202, { status: 'success', message: 'Event processed', dedup_key: event['dedup_key'] });
    })().catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    incidents,
    problems,
    fail: (...next) => void faults.push(...next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

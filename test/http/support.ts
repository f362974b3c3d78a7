import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { HealingInput } from '../../src/domain/settings.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import { type AppDeps, createApp, createHttpServer } from '../../src/http/app.ts';
import type { AlertSource } from '../../src/integrations/contract.ts';
import { datadog } from '../../src/integrations/datadog/index.ts';
import { DATADOG_PAYLOAD } from '../../src/integrations/datadog/payload.ts';
import { local } from '../../src/integrations/local/index.ts';
import { manual } from '../../src/integrations/manual/index.ts';

/** What the clock of the front door says. */
export const NOW = new Date('2026-11-23T12:00:00Z');

const context = {
  stateDir: '/nowhere',
  secret: () => ['the-newer-secret', 'the-older-secret'],
  readArtifact: async () => new Uint8Array(),
};

/** The real alert sources, all with the secrets `the-newer-secret` and `the-older-secret`. */
export function realSources(): Map<string, AlertSource> {
  const made = {
    local: local.alertSource?.({ ...context, config: {} }),
    datadog: datadog.alertSource?.({ ...context, config: datadog.configSchema.parse({ services: { auth: 'acme/auth' } }) }),
    manual: manual.alertSource?.({ ...context, config: {} }),
  };
  return new Map(Object.entries(made).flatMap(([id, source]) => (source === undefined ? [] : [[id, source] as const])));
}

/** What a front door under test did. */
export interface Done {
  readonly reported: Array<{ readonly input: HealingInput; readonly signal: Signal }>;
  readonly commanded: Signal[];
  readonly forwarded: Array<{ readonly healingId: string; readonly signal: Signal }>;
  readonly received: string[];
  readonly logged: Array<{ readonly level: string; readonly facts: object; readonly message: string }>;
}

/** One answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A front door on loopback with the real sources and Temporal replaced by a list; it is closed after the test. */
export interface Front extends Done {
  readonly url: string;
  readonly port: number;
  /** POST to `/webhooks/<source>`; the body is sent in the pieces given, with no Content-Length when there are several. */
  post(
    source: string,
    body: string | Uint8Array | ReadonlyArray<string | Uint8Array>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  get(path: string): Promise<Answer>;
}

const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function send(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: ReadonlyArray<string | Uint8Array>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
        }),
      );
    });
    outgoing.once('error', reject);
    for (const piece of body.slice(0, -1)) outgoing.write(piece);
    outgoing.end(body.at(-1));
  });
}

/** Opens a front door; `deps` replaces parts of it. */
export async function openFront(deps: Partial<AppDeps> = {}): Promise<Front> {
  const done: Done = { reported: [], forwarded: [], commanded: [], received: [], logged: [] };
  const log = (level: string) => (facts: object, message: string) => {
    done.logged.push({ level, facts, message });
  };
  const app = createApp({
    sources: realSources(),
    report: async (input, signal) => {
      done.reported.push({ input, signal });
      return { healingId: `heal/${signal.repo.owner}/${signal.repo.name}/${signal.subject}`, runId: 'run' };
    },
    forward: async (healingId, signal) => {
      done.forwarded.push({ healingId, signal });
      return true;
    },
    command: async (signal) => {
      done.commanded.push(signal);
    },
    ping: async () => {},
    settings: { timings: {}, caps: {}, autonomyCeiling: 'propose', dryRun: false } as never,
    webUiUrl: () => undefined,
    received: async (signal) => {
      done.received.push(signal.id);
    },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    now: () => NOW,
    perSecond: 1_000,
    ...deps,
  });
  const server = createHttpServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...done,
    url: `http://127.0.0.1:${port}`,
    port,
    post: (source, body, headers = {}) => {
      const pieces = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
      return send(port, 'POST', `/webhooks/${source}`, { 'content-type': 'application/json', ...headers }, pieces);
    },
    get: (path) => send(port, 'GET', path, {}, []),
  };
}

/** A Datadog delivery that starts a healing of `acme/auth`. */
export function alert(more: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    ...DATADOG_PAYLOAD,
    id: '1',
    date: String(NOW.getTime() - 60_000),
    alert_id: '4711',
    alert_transition: 'Triggered',
    alert_cycle_key: 'c1',
    alert_scope: 'env:prod',
    alert_title: 'Errors',
    tags: 'env:prod,service:auth',
    ...more,
  });
}

/** A report by hand that starts a healing of `acme/auth`. */
export function report(more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ repository: 'acme/auth', summary: 'login is broken', check: 'tests', idempotencyKey: 'ticket 7', ...more });
}

/** Headers that the sources accept. */
export const TOKEN = { 'x-suture-token': 'the-newer-secret' };
export const BEARER = { authorization: 'Bearer the-newer-secret' };

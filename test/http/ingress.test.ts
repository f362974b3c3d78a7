import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import { createApp, createHttpServer } from '../../src/http/app.ts';
import { datadog } from '../../src/integrations/datadog/index.ts';
import { DATADOG_PAYLOAD } from '../../src/integrations/datadog/payload.ts';
import { manual } from '../../src/integrations/manual/index.ts';

const settings = { timings: {}, caps: {}, autonomyCeiling: 'propose', dryRun: false } as never;
const context = { stateDir: '/nowhere', secret: () => ['new-secret', 'old-secret'], readArtifact: async () => new Uint8Array() };
const cleanups: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function front(report: (signal: Signal) => Promise<void> = async () => {}, running = true) {
  const reported: Signal[] = [];
  const app = createApp({
    sources: new Map([
      ['datadog', datadog.alertSource?.({ ...context, config: datadog.configSchema.parse({ services: { auth: 'acme/auth' } }) })],
      ['manual', manual.alertSource?.({ ...context, config: {} })],
    ] as never),
    report: async (_input, signal) => {
      await report(signal);
      reported.push(signal);
      return { healingId: `heal/${signal.repo.owner}/${signal.repo.name}/${signal.subject}`, runId: 'run' };
    },
    forward: async (_id, signal) => {
      await report(signal);
      reported.push(signal);
      return running;
    },
    ping: async () => report({} as Signal),
    settings,
    webUiUrl: () => undefined,
    accepted: async () => {},
    log: { info() {}, warn() {}, error() {} },
    now: () => new Date('2026-11-23T12:00:00Z'),
    perSecond: 1000,
  });
  const server = createHttpServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (source: string, body: string | Uint8Array, headers: Record<string, string>) =>
    fetch(`${url}/webhooks/${source}`, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { url, post, reported };
}

const alert = (more: Record<string, string> = {}) =>
  JSON.stringify({
    ...DATADOG_PAYLOAD,
    id: '1',
    date: String(Date.parse('2026-11-23T11:59:00Z')),
    alert_id: '4711',
    alert_transition: 'Triggered',
    alert_cycle_key: 'c1',
    alert_scope: 'env:prod',
    alert_title: '%%%Errors%%%',
    tags: 'env:prod,service:auth',
    ...more,
  });
const token = { 'x-suture-token': 'new-secret' };
const bearer = { authorization: 'Bearer new-secret' };

describe('POST /webhooks/datadog', () => {
  it('stores one signal per alert cycle and answers 202', async () => {
    const { post, reported } = await front();
    const answer = await post('datadog', alert(), token);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toEqual({ accepted: ['datadog:4711:c1:Triggered:1'], healings: ['heal/acme/auth/monitor/4711:env:prod'] });
    expect(reported[0]).toMatchObject({
      kind: 'alert-triggered',
      service: 'auth',
      summary: 'Errors',
      facts: { monitor: '4711', cycle: 'c1' },
    });
    expect(reported[0]?.facts['metric']).toBeUndefined();
  });

  it('accepts the secret before last during a rotation, and no other', async () => {
    const { post } = await front();
    expect((await post('datadog', alert(), { 'x-suture-token': 'old-secret' })).status).toBe(202);
    for (const wrong of ['', 'new-secre', 'new-secret2', 'NEW-SECRET'])
      expect((await post('datadog', alert(), { 'x-suture-token': wrong })).status).toBe(401);
    expect((await post('datadog', alert(), {})).status).toBe(401);
  });

  it.each([
    ['a test delivery', { alert_id: '' }, 'no alert id'],
    ['an unexpanded variable', { alert_transition: '$ALERT_TRANSITION' }, 'no alert id'],
    ['an unknown transition', { alert_transition: 'Whatever' }, 'transition'],
    ['an unknown service', { tags: 'service:other' }, 'integrations.datadog.services'],
    ['an inherited property as a service', { tags: 'service:constructor' }, 'integrations.datadog.services'],
    ['no service', { tags: 'env:prod' }, 'service:'],
    ['an old delivery', { date: String(Date.parse('2026-11-23T09:00:00Z')) }, 'older'],
    ['a delivery from the future', { date: String(Date.parse('2026-11-23T13:00:00Z')) }, 'future'],
  ])('ignores %s and says why', async (_what, more, reason) => {
    const { post, reported } = await front();
    const answer = await post('datadog', alert(more), token);
    expect(answer.status).toBe(202);
    expect(((await answer.json()) as { ignored: string }).ignored).toContain(reason);
    expect(reported).toEqual([]);
  });

  it('sends a recovery to the same healing', async () => {
    const { post, reported } = await front();
    await post('datadog', alert({ alert_transition: 'Recovered' }), token);
    expect(reported[0]).toMatchObject({ kind: 'alert-recovered', subject: 'monitor/4711:env:prod' });
  });

  it('does not start a healing for a recovery', async () => {
    const { post } = await front(async () => {}, false);
    const answer = await post('datadog', alert({ alert_transition: 'Recovered' }), token);
    expect(answer.status).toBe(202);
    expect(((await answer.json()) as { ignored: string }).ignored).toContain('no healing');
  });
});

describe('the door', () => {
  it('refuses what is not JSON, too deep or poisoned, without storing anything', async () => {
    const { post, reported } = await front();
    for (const body of ['{', '[]]', `${'['.repeat(100)}${']'.repeat(100)}`, '{"__proto__":{"a":1}}', new Uint8Array([0xff, 0xfe])])
      expect((await post('manual', body, bearer)).status).toBe(400);
    expect(reported).toEqual([]);
  });

  it('verifies before it parses', async () => {
    const { post } = await front();
    expect((await post('manual', '{', { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('counts the bytes that arrive, with no Content-Length', async () => {
    const { url } = await front();
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = request(
        `${url}/webhooks/manual`,
        { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked', ...bearer } },
        (response) => resolve(response.statusCode ?? 0),
      );
      outgoing.once('error', reject);
      for (let index = 0; index < 100; index++) outgoing.write(Buffer.alloc(1024, 32));
      outgoing.end();
    });
    expect(status).toBe(413);
  });

  it('answers 404 for an unknown source, 415 for another content type and 404 elsewhere', async () => {
    const { post, url } = await front();
    expect((await post('nobody', '{}', {})).status).toBe(404);
    expect((await post('manual', '{}', { ...bearer, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await fetch(`${url}/anything`)).status).toBe(404);
  });

  it('asks to come again when Temporal is away, and says that it is not ready', async () => {
    const { post, url } = await front(async () => {
      throw new Failure('temporal-unavailable', 'away');
    });
    const answer = await post('datadog', alert(), token);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('takes a report by hand with its own id and refuses commands in it', async () => {
    const { post, reported } = await front();
    const body = { repository: 'acme/auth', summary: 'login is broken', check: 'tests', idempotencyKey: 'ticket 7' };
    expect((await post('manual', JSON.stringify(body), bearer)).status).toBe(202);
    expect((await post('manual', JSON.stringify(body), bearer)).status).toBe(202);
    expect(reported.map((signal) => [signal.id, signal.subject])).toEqual([
      ['manual:ticket 7', 'manual/ticket-7'],
      ['manual:ticket 7', 'manual/ticket-7'],
    ]);
    expect((await post('manual', JSON.stringify({ ...body, run: 'rm -rf /' }), bearer)).status).toBe(400);
    expect((await post('manual', JSON.stringify({ ...body, repository: '../etc' }), bearer)).status).toBe(400);
  });
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createApp, createHttpServer } from '../../src/http/app.ts';
import { createBodyBudget } from '../../src/http/body-budget.ts';
import { createTokenBucket } from '../../src/http/token-bucket.ts';
import { alert, BEARER, NOW, openFront, report, TOKEN } from './support.ts';

const kilobyte = Buffer.alloc(1024, 32);

/** Sends raw bytes and gives what comes back until the other side closes or `enough` is there. */
async function raw(port: number, text: string, enough: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  const seen = new Promise<void>((resolve) => {
    socket.on('data', (chunk: string) => {
      said += chunk;
      if (enough.test(said)) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.write(text);
  await seen;
  socket.destroy();
  return said;
}

describe('the size of a body', () => {
  it('is counted on the bytes that arrive, with no Content-Length', async () => {
    const { post, reported } = await openFront();
    const answer = await post(
      'manual',
      Array.from({ length: 100 }, () => kilobyte),
      BEARER,
    );
    expect([answer.status, answer.json['error'], answer.headers.connection]).toEqual([413, 'the body is larger than 65536 bytes', 'close']);
    expect(reported).toEqual([]);
  });

  it('may be exactly the limit', async () => {
    const { post } = await openFront();
    const body = report();
    expect((await post('manual', body + ' '.repeat(65_536 - body.length), BEARER)).status).toBe(202);
    expect((await post('manual', body + ' '.repeat(65_537 - body.length), BEARER)).status).toBe(413);
  });

  it('is refused in words even when far too large', async () => {
    const { post } = await openFront();
    expect((await post('manual', Buffer.alloc(3 * 1024 * 1024, 32), BEARER)).status).toBe(413);
  });

  it('is bounded for all bodies together, and small deliveries still get through', async () => {
    const { post } = await openFront({ bodyBytes: 100 * 1024 });
    const body = alert();
    const large = await post('datadog', body + ' '.repeat(200 * 1024), TOKEN);
    expect([large.status, large.headers['retry-after']]).toEqual([503, '1']);
    expect((await post('datadog', body, TOKEN)).status).toBe(202);
  });

  it('is given back after every answer', async () => {
    const { post } = await openFront({ bodyBytes: 100 * 1024 });
    const body = alert() + ' '.repeat(90 * 1024);
    for (let index = 0; index < 5; index++) expect((await post('datadog', body, TOKEN)).status).toBe(202);
    for (let index = 0; index < 5; index++) expect((await post('datadog', body, {})).status).toBe(401);
  });
});

describe('a body', () => {
  it.each([
    ['no JSON', '{'],
    ['two values', '{}{}'],
    ['nothing', ''],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['levels without end', '['.repeat(60_000)],
    ['a key of the prototype', '{"__proto__":{"a":1}}'],
    ['a key of the prototype, escaped', '{"\\u005f_proto__":{"a":1}}'],
    ['a constructor', '{"facts":{"constructor":{"prototype":{}}}}'],
  ])('is refused with 400 for %s', async (_what, body) => {
    const { post, reported } = await openFront();
    expect((await post('manual', body, BEARER)).status).toBe(400);
    expect((await post('datadog', body, TOKEN)).status).toBe(400);
    expect(reported).toEqual([]);
  });

  it.each([['text/plain'], ['application/x-www-form-urlencoded'], ['application/jsonp'], ['application/json2; x=application/json'], ['']])(
    'is refused with 415 as %s',
    async (type) => {
      const { post } = await openFront();
      expect((await post('manual', report(), { ...BEARER, 'content-type': type })).status).toBe(415);
    },
  );

  it('may say its character set', async () => {
    const { post } = await openFront();
    expect((await post('manual', report(), { ...BEARER, 'content-type': 'application/json; charset=utf-8' })).status).toBe(202);
  });
});

describe('the rate of a source', () => {
  it('is bounded after the signature, with the time to wait', async () => {
    let now = NOW.getTime();
    const { post } = await openFront({ perSecond: 1, now: () => new Date(now) });
    for (let index = 0; index < 20; index++) expect((await post('manual', report(), {})).status).toBe(401);
    for (let index = 0; index < 5; index++) expect((await post('manual', report(), BEARER)).status).toBe(202);
    const answer = await post('manual', report(), BEARER);
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '1']);
    expect((await post('datadog', alert(), TOKEN)).status).toBe(202);
    now += 1_000;
    expect((await post('manual', report(), BEARER)).status).toBe(202);
  });
});

describe('a token bucket', () => {
  it('fills up to its burst and no further, and never with a clock that goes back', () => {
    let now = 0;
    const take = createTokenBucket({ perSecond: 10, burst: 2, now: () => now });
    expect([take(), take(), take()]).toEqual([true, true, false]);
    now = 60_000;
    expect([take(), take(), take()]).toEqual([true, true, false]);
    now = 0;
    expect(take()).toBe(false);
    now = 100;
    expect(take()).toBe(true);
  });
});

describe('a body budget', () => {
  it('gives out what it has, and again what came back', () => {
    const budget = createBodyBudget(10);
    expect([budget.take(6), budget.take(6)]).toEqual([true, false]);
    budget.give(6);
    expect(budget.take(10)).toBe(true);
  });
});

describe('a slow or broken sender', () => {
  it('has bounded time for headers, request and silence', () => {
    const server = createHttpServer(createApp({ sources: new Map(), perSecond: 1, now: () => NOW } as never));
    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxConnections: 2_000 });
  });

  it('is cut off at headers without end', async () => {
    const { port } = await openFront();
    const said = await raw(port, `POST /webhooks/manual HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}`, /\r\n\r\n/);
    expect(said).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('gets 400 for what is no HTTP', async () => {
    const { port } = await openFront();
    expect(await raw(port, 'hello\r\n\r\n', /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('may go away in the middle without leaving anything', async () => {
    const { port, post, logged, reported } = await openFront({ bodyBytes: 100 * 1024 });
    for (let index = 0; index < 3; index++) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `POST /webhooks/datadog HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(90_000)}`,
      );
      await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      await once(socket, 'close');
    }
    await expect.poll(async () => (await post('datadog', alert() + ' '.repeat(90 * 1024), TOKEN)).status).toBe(202);
    expect(reported).not.toEqual([]);
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });
});

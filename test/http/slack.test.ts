import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { createPatience } from '../../src/http/patience.ts';
import type { AlertSource } from '../../src/integrations/contract.ts';
import { createSlackSource } from '../../src/integrations/slack/alert-source.ts';
import { renderCard } from '../../src/integrations/slack/card.ts';
import { SlackConfig } from '../../src/integrations/slack/config.schema.ts';
import { cardHash } from '../../src/integrations/slack/hashes.ts';
import { waitingCard } from '../integrations/slack/support.ts';
import { clickPayload, signedForm } from '../support/slack/clicks.ts';
import { NOW, openFront, realSources } from './support.ts';

const SECRET = 'a-signing-secret';
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Where answers to clicks arrive. */
async function hooks(): Promise<{ readonly url: string; readonly heard: Array<{ readonly path: string; readonly body: string }> }> {
  const heard: Array<{ path: string; body: string }> = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      heard.push({ path: request.url ?? '', body });
      response.end('ok');
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard };
}

/** A front door with Slack; it answers clicks after `answerWithinMs`. */
async function open(hooksUrl: string, deps: Parameters<typeof openFront>[0] = {}, answerWithinMs = 2_500) {
  const slack = createSlackSource({ config: SlackConfig.parse({ teamId: 'T0ACME0001', hooksUrl }), secret: () => [SECRET] });
  const patient: AlertSource = slack.impatient === undefined ? slack : { ...slack, impatient: { ...slack.impatient, answerWithinMs } };
  return openFront({ sources: new Map([...realSources(), ['slack', patient]]), ...deps });
}

function click(responseUrl: string, at = NOW.getTime()): ReturnType<typeof signedForm> {
  const { text, blocks } = renderCard(waitingCard(), cardHash('key'));
  const payload = clickPayload({
    teamId: 'T0ACME0001',
    appId: 'A0SUTURE01',
    channel: 'C0HEALING1',
    message: { ts: '1795464755.000036', text, blocks },
    actionId: 'suture.approve',
    user: 'U0MARA0001',
    responseUrl,
    at: NOW.getTime(),
  });
  return signedForm({ payload: JSON.stringify(payload) }, SECRET, at);
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}
const away = () => new Failure('temporal-unavailable', 'Temporal does not answer');

describe('a click at the front door', () => {
  it('is stored and acknowledged with nothing but 200', async () => {
    const front = await open('http://127.0.0.1:9/');
    const { body, headers } = click('http://127.0.0.1:9/x');
    const answer = await front.post('slack', body, headers);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(front.commanded.map((signal) => signal.facts['command'])).toEqual(['approve']);
    expect(front.received).toEqual(front.commanded.map((signal) => signal.id));
  });

  it('that is replayed within the window arrives with the same id, so that it is obeyed once', async () => {
    const front = await open('http://127.0.0.1:9/');
    const { body, headers } = click('http://127.0.0.1:9/x');
    await front.post('slack', body, headers);
    await front.post('slack', body, headers);
    expect(new Set(front.commanded.map((signal) => signal.id)).size).toBe(1);
  });

  it.each([
    ['not signed', (): Record<string, string> => ({ 'content-type': 'application/x-www-form-urlencoded' })],
    ['stale', () => click('x', NOW.getTime() - 301_000).headers],
    ['of the future', () => click('x', NOW.getTime() + 301_000).headers],
  ])('that is %s is refused, logged, and does nothing', async (_what, headers) => {
    const front = await open('http://127.0.0.1:9/');
    expect((await front.post('slack', click('x').body, headers())).status).toBe(401);
    expect([front.commanded, front.received]).toEqual([[], []]);
    expect(front.logged.map((line) => line.message)).toContain('delivery refused');
  });

  it('of another workspace is acknowledged, logged, and does nothing', async () => {
    const front = await open('http://127.0.0.1:9/');
    const payload = JSON.parse(new URLSearchParams(click('x').body).get('payload') ?? '') as object;
    const { body, headers } = signedForm({ payload: JSON.stringify({ ...payload, team: { id: 'T0EVIL0001' } }) }, SECRET, NOW.getTime());
    const answer = await front.post('slack', body, headers);
    expect([answer.status, answer.text, front.commanded]).toEqual([200, '', []]);
    expect(front.logged.map((line) => line.message)).toContain('delivery ignored');
  });

  it('must be a form, as all others must be JSON', async () => {
    const front = await open('http://127.0.0.1:9/');
    const { body, headers } = click('x');
    expect((await front.post('slack', body, { ...headers, 'content-type': 'application/json' })).status).toBe(415);
    expect((await front.post('manual', body, headers)).status).toBe(415);
  });

  it('is never taken from a certificate check, which is answered without a signature', async () => {
    const front = await open('http://127.0.0.1:9/');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await front.post('slack', `ssl_check=1&token=x&${click('x').body}`.slice(0, 4_000), form);
    expect([answer.status, answer.text, front.commanded]).toEqual([200, '', []]);
  });
});

describe('a click while Temporal is away', () => {
  it('is acknowledged in time and stored when Temporal is back', async () => {
    const { url, heard } = await hooks();
    let tries = 0;
    const stored: string[] = [];
    const front = await open(
      url,
      {
        patience: createPatience({ giveUpMs: 60_000, pauseMs: 1, most: 10 }),
        command: async (signal) => {
          tries += 1;
          if (tries < 4) throw away();
          stored.push(signal.id);
        },
      },
      1,
    );
    const { body, headers } = click(`${url}actions/1`);
    expect((await front.post('slack', body, headers)).status).toBe(200);
    await until(() => stored.length > 0);
    expect([stored.length, heard]).toEqual([1, []]);
  });

  it('is acknowledged while Temporal hangs, and whoever clicked is told that nothing was stored', async () => {
    const { url, heard } = await hooks();
    const front = await open(
      url,
      { patience: createPatience({ giveUpMs: 20, pauseMs: 1, most: 10 }), command: () => new Promise(() => {}) },
      1,
    );
    const { body, headers } = click(`${url}actions/1`);
    const answer = await front.post('slack', body, headers);
    expect([answer.status, answer.text]).toEqual([200, '']);
    await until(() => heard.length > 0);
    expect(heard[0]?.path).toBe('/actions/1');
    expect(JSON.parse(heard[0]?.body ?? '')).toMatchObject({
      response_type: 'ephemeral',
      replace_original: false,
      text: /could not be stored/,
    });
    expect(front.logged.map((line) => line.message)).toContain('not stored; whoever sent it is told so');
  });

  it('is told so at once when the process is about to end, or when too many wait already', async () => {
    const { url, heard } = await hooks();
    const patience = createPatience({ giveUpMs: 60_000, pauseMs: 1, most: 1 });
    const front = await open(url, { patience, command: () => new Promise(() => {}) }, 1);
    for (const path of ['first', 'second']) {
      const { body, headers } = click(`${url}${path}`);
      await front.post('slack', body, headers);
    }
    expect(heard.map(({ path }) => path)).toEqual(['/second']);
    await patience.stop();
    expect(heard.map(({ path }) => path)).toEqual(['/second', '/first']);
  });

  it.each([
    ['another host', 'https://evil.example/actions/1'],
    ['a host that only begins alike', 'http://127.0.0.1:9.evil.example/actions/1'],
    ['credentials in the address', 'http://a:b@127.0.0.1:9/actions/1'],
    ['no address', 'file:///etc/passwd'],
  ])('is answered at the configured host only, never at %s', async (_what, responseUrl) => {
    const { url, heard } = await hooks();
    const given = responseUrl.replace('127.0.0.1:9', new URL(url).host);
    const told: unknown[] = [];
    const front = await open(url, {
      patience: createPatience({ giveUpMs: 1, pauseMs: 1, most: 1 }),
      command: async () => Promise.reject(away()),
    });
    const { body, headers } = click(given);
    expect((await front.post('slack', body, headers)).status).toBe(200);
    told.push(...front.logged.filter((line) => line.message.startsWith('not stored')));
    expect([told.length, heard]).toEqual([1, []]);
  });

  it('that Temporal refuses for good is told, too, and logged as a bug of ours', async () => {
    const { url, heard } = await hooks();
    const front = await open(url, {
      command: async () => {
        throw new Error('a bug of ours');
      },
    });
    const { body, headers } = click(`${url}actions/1`);
    expect((await front.post('slack', body, headers)).status).toBe(200);
    expect(heard).toHaveLength(1);
    expect(front.logged.filter((line) => line.level === 'error')).toHaveLength(1);
  });
});

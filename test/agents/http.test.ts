import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { agentWorld, TOKENS } from './world.ts';

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } };

/** One request as bytes: a stock client would not send what these tests send. */
function send(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  method = 'POST',
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method,
        headers: {
          authorization: `Bearer ${TOKENS.maintainer}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/list',
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

describe('the door of an agent', () => {
  it('lets in who holds a token', async () => {
    const { url } = await agentWorld();
    const answer = await send(url('monitor'), JSON.stringify(LIST));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('report_problem');
  });

  it.each([
    ['no token', { authorization: '' }],
    ['a token that nobody holds', { authorization: 'Bearer guessed-token-of-nobody' }],
    ['a token that has ended', { authorization: `Bearer ${TOKENS.ended}` }],
    ['another scheme', { authorization: `Basic ${TOKENS.maintainer}` }],
  ])('answers 401 with a challenge to %s', async (_what, headers) => {
    const { url, did } = await agentWorld();
    const answer = await send(url('monitor'), JSON.stringify(LIST), headers);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/);
    expect(answer.text).not.toContain('report_problem');
    expect(JSON.stringify(did.logged)).not.toContain('token-that');
  });

  it('takes no token from the address', async () => {
    const { url } = await agentWorld();
    const answer = await send(`${url('monitor')}?access_token=${TOKENS.maintainer}`, JSON.stringify(LIST), { authorization: '' });
    expect(answer.status).toBe(401);
  });

  it.each([
    ['origin', { origin: 'https://evil.example' }],
    ['origin that only begins like ours', { origin: 'http://localhost.evil.example' }],
    ['opaque origin', { origin: 'null' }],
    ['host', { host: 'rebound.example' }],
  ])('answers 403 to a foreign %s, before the token is looked at', async (_what, headers) => {
    const { url } = await agentWorld();
    const answer = await send(url('monitor'), JSON.stringify(LIST), headers);
    expect(answer.status).toBe(403);
  });

  it('is reached under the host names of the configuration', async () => {
    const { url } = await agentWorld({ hosts: ['suture.example'] });
    const named = { host: 'suture.example', origin: 'https://suture.example' };
    expect((await send(url('monitor'), JSON.stringify(LIST), named)).status).toBe(200);
  });

  it.each(['GET', 'DELETE', 'PUT'])('answers 405 to %s: there is no session and no standing stream', async (method) => {
    const { url } = await agentWorld();
    const answer = await send(url('monitor'), '', {}, method);
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('POST');
  });

  it.each([
    ['what is not JSON', '{"jsonrpc":', 400],
    ['what is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400],
    ['a forbidden key', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"__proto__":{"x":1}}}', 400],
    ['what is nested too deep', `${'['.repeat(200)}${']'.repeat(200)}`, 400],
    ['a body beyond the limit', `"${'x'.repeat(300_000)}"`, 413],
  ])('refuses %s', async (_what, body, status) => {
    const { url } = await agentWorld();
    expect((await send(url('monitor'), body)).status).toBe(status);
  });

  it('refuses another content type', async () => {
    const { url } = await agentWorld();
    expect((await send(url('monitor'), JSON.stringify(LIST), { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('bounds the calls of one caller and not those of another', async () => {
    const { url } = await agentWorld({ perSecond: 1 });
    const statuses: number[] = [];
    for (let call = 0; call < 7; call += 1) statuses.push((await send(url('monitor'), JSON.stringify(LIST))).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const other = await send(url('monitor'), JSON.stringify(LIST), { authorization: `Bearer ${TOKENS.collaborator}` });
    expect(other.status).toBe(200);
  });
});

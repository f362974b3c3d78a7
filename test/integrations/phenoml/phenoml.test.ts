import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { ModelQuestion } from '../../../src/domain/model-exchange.schema.ts';
import type { Model } from '../../../src/integrations/contract.ts';
import { PhenoMlConfig } from '../../../src/integrations/phenoml/config.schema.ts';
import { phenoml } from '../../../src/integrations/phenoml/index.ts';
import { DECISION_SCHEMA } from '../../../src/strategies/model-patch/decision.ts';

const SECRETS: Readonly<Record<string, string>> = { 'phenoml-client-id': 'client-1', 'phenoml-client-secret': 'phenoml-secret-1' };
const QUESTION: ModelQuestion = {
  purpose: 'diagnose',
  instructions: 'Say what broke.',
  input: 'the log',
  schema: { ...DECISION_SCHEMA },
  maxOutputTokens: 100,
};

type Answer = {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connection?: 'reset' | 'hang';
};

const closing: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A stand-in for PhenoML's token and chat calls; a real server on loopback. */
async function standIn(chat: (nth: number) => Answer, token: (nth: number) => Answer = () => ({})) {
  const seen: Array<{ readonly path: string; readonly authorization: string | undefined; readonly body: Record<string, unknown> }> = [];
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '';
      seen.push({ path, authorization: request.headers.authorization, body: (await json(request)) as Record<string, unknown> });
      const nth = seen.filter((each) => each.path === path).length;
      const answer = path === '/v2/auth/token' ? token(nth) : path === '/agent/chat' ? chat(nth) : { status: 404 };
      if (answer.connection === 'reset') return void request.socket.destroy();
      if (answer.connection === 'hang') return;
      const usual = path === '/v2/auth/token' ? { access_token: `token-${nth}`, token_type: 'Bearer', expires_in: 172_800 } : {};
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(JSON.stringify(answer.body ?? usual));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = {
    config: PhenoMlConfig.parse({ baseUrl, agentId: 'agent-1', timeoutMs: 500 }),
    stateDir: '',
    secret: (name: string) => (SECRETS[name] === undefined ? [] : [SECRETS[name] ?? '']),
    readArtifact: async () => new Uint8Array(),
  };
  return { seen, model: phenoml.model?.(context) as Model, doctor: () => phenoml.doctor?.(context) };
}

const said = (response: string): Answer => ({ body: { success: true, message: 'ok', response, session_id: 's' } });

describe('PhenoML', () => {
  it('gets a token once and puts each question to the agent in a session of its own, schema and all, as one text', async () => {
    const { seen, model } = await standIn(() => said('It broke.'));
    expect(await model.ask(QUESTION)).toEqual({ kind: 'text', text: 'It broke.', model: 'phenoml/agent-1', usage: null });
    await model.ask(QUESTION);
    expect(model.price).toBeNull();
    expect(seen.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/v2/auth/token', undefined],
      ['/agent/chat', 'Bearer token-1'],
      ['/agent/chat', 'Bearer token-1'],
    ]);
    expect(seen[1]?.body).toEqual({
      agent_id: 'agent-1',
      message: expect.stringMatching(/^Say what broke\.[\s\S]*"strategy"[\s\S]*the log$/),
    });
  });

  it('gets a new token two minutes before the old one ends', async () => {
    const { seen, model } = await standIn(
      () => said('x'),
      () => ({ body: { access_token: 't', expires_in: 119 } }),
    );
    await model.ask(QUESTION);
    await model.ask(QUESTION);
    expect(seen.filter(({ path }) => path === '/v2/auth/token')).toHaveLength(2);
  });

  it('says once that an old token is not taken any more, and comes back with a new one', async () => {
    const { seen, model } = await standIn((nth) => (nth === 2 ? { status: 401 } : said('x')));
    await model.ask(QUESTION);
    await expect(model.ask(QUESTION)).rejects.toMatchObject({ code: 'model-unavailable' });
    expect(await model.ask(QUESTION)).toMatchObject({ kind: 'text' });
    expect(seen.at(-1)?.authorization).toBe('Bearer token-2');
  });

  it.each<[string, Answer, string]>([
    ['a busy session', { status: 409 }, 'model-unavailable'],
    ['a time-out', { status: 504 }, 'model-unavailable'],
    ['a limit', { status: 429, headers: { 'retry-after': '7' } }, 'model-unavailable'],
    ['a reset', { connection: 'reset' }, 'model-unavailable'],
    ['silence', { connection: 'hang' }, 'model-unavailable'],
    ['no success', { body: { success: false, message: 'the agent failed' } }, 'model-unavailable'],
    ['another shape', { body: [1] }, 'model-unavailable'],
    ['no such agent', { status: 404 }, 'not-permitted'],
    ['a fresh token that is refused', { status: 403 }, 'not-permitted'],
    ['a refused question', { status: 422 }, 'not-permitted'],
  ])('asks once and names %s', async (name, answer, code) => {
    const { seen, model } = await standIn(() => answer);
    const failed = model.ask(QUESTION);
    await expect(failed).rejects.toMatchObject({ code, ...(name === 'a limit' ? { retryAfterMs: 7_000 } : {}) });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('phenoml-secret-1') });
    expect(seen.filter(({ path }) => path === '/agent/chat')).toHaveLength(1);
  });

  it('says in the doctor whether the credentials are taken', async () => {
    expect(await (await standIn(() => said('x'))).doctor()).toMatchObject([{ ok: true }]);
    expect(
      await (
        await standIn(
          () => said('x'),
          () => ({ status: 401 }),
        )
      ).doctor(),
    ).toMatchObject([{ ok: false, detail: expect.stringContaining('phenoml-client-secret') }]);
  });

  it('is not asked where it is not set up', async () => {
    const context = { config: PhenoMlConfig.parse({}), stateDir: '', secret: () => [], readArtifact: async () => new Uint8Array() };
    expect(phenoml.model?.(context)).toBeNull();
    expect(await phenoml.doctor?.(context)).toMatchObject([{ ok: false, detail: expect.stringContaining('integrations.phenoml.baseUrl') }]);
  });
});

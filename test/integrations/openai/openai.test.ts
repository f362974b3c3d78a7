import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { ModelQuestion } from '../../../src/domain/model-exchange.schema.ts';
import type { Model } from '../../../src/integrations/contract.ts';
import { OpenAiConfig } from '../../../src/integrations/openai/config.schema.ts';
import { openai } from '../../../src/integrations/openai/index.ts';
import { parseDuration, wantedWait } from '../../../src/integrations/openai/waits.ts';
import { MODEL_FAULTS, type ModelFault } from '../../support/model/faults.ts';
import { SPEC } from '../../support/model/spec-check.ts';
import { type Heard, MODEL_KEY, type ModelStandIn, type Said, startModelStandIn } from '../../support/model/stand-in.ts';

const open: ModelStandIn[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
});

const QUESTION: ModelQuestion = {
  purpose: 'diagnose',
  instructions: 'Say what broke.',
  input: 'the log',
  maxOutputTokens: 500,
};
const WITH_SCHEMA: ModelQuestion = {
  ...QUESTION,
  schema: {
    name: 'diagnosis',
    schema: { type: 'object', properties: { cause: { type: 'string' } }, required: ['cause'], additionalProperties: false },
  },
};

async function world(
  say: (heard: Heard, nth: number) => Said,
  config: (url: string) => object = (url) => ({ baseUrl: `${url}/v1` }),
  key = MODEL_KEY,
) {
  const standIn = await startModelStandIn(say);
  open.push(standIn);
  const context = {
    config: OpenAiConfig.parse({ timeoutMs: 5_000, ...config(standIn.url) }),
    stateDir: '',
    secret: () => (key === '' ? [] : [key]),
    readArtifact: async () => new Uint8Array(),
  };
  return { standIn, model: openai.model?.(context) as Model, doctor: () => openai.doctor?.(context) };
}

const WIRES: ReadonlyArray<readonly [name: string, config: (url: string) => object, path: string]> = [
  ['Responses', (url) => ({ baseUrl: `${url}/v1` }), '/v1/responses'],
  ['chat completions', (url) => ({ baseUrl: `${url}/v1/`, api: 'chat' }), '/v1/chat/completions'],
  ['Azure Responses', (url) => ({ azure: { endpoint: url, apiVersion: '2025-04-01-preview' } }), '/openai/responses'],
  [
    'Azure chat completions',
    (url) => ({ azure: { endpoint: url, apiVersion: '2025-04-01-preview' }, api: 'chat' }),
    '/openai/deployments/gpt-4.1/chat/completions',
  ],
];

describe.each(WIRES)('OpenAI over %s', (_, config, path) => {
  it('asks with instructions, data, limit and schema as the specification has them, keeps nothing there and offers no tools', async () => {
    const { standIn, model } = await world(() => ({ text: '{"cause":"x"}' }), config);
    expect(await model.ask(WITH_SCHEMA)).toEqual({
      kind: 'text',
      text: '{"cause":"x"}',
      model: 'gpt-4.1',
      usage: { inputTokens: 100, cachedTokens: 20, outputTokens: 10 },
    });
    const [heard] = standIn.heard;
    expect(standIn.problems).toEqual([]);
    expect(heard).toMatchObject({ path, instructions: 'Say what broke.', input: 'the log', schema: { name: 'diagnosis', strict: true } });
    expect(heard?.body.model).toBe('gpt-4.1');
    expect(heard?.body.max_output_tokens ?? heard?.body.max_completion_tokens).toBe(500);
    expect(Object.keys(heard?.body ?? {})).not.toEqual(expect.arrayContaining(['tools']));
    if (path.endsWith('/responses')) expect(heard?.body.store).toBe(false);
  });

  it('asks for text where no schema is given', async () => {
    const { standIn, model } = await world(() => ({ text: 'It broke.' }), config);
    expect(await model.ask(QUESTION)).toMatchObject({ kind: 'text', text: 'It broke.' });
    expect(standIn.heard[0]?.schema).toBeUndefined();
    expect(standIn.problems).toEqual([]);
  });

  it('gives a refusal back as one', async () => {
    const { standIn, model } = await world(() => ({ refusal: 'I cannot help\nwith that.' }), config);
    expect(await model.ask(QUESTION)).toMatchObject({ kind: 'refused', detail: 'I cannot help with that.', usage: { outputTokens: 10 } });
    expect(standIn.problems).toEqual([]);
  });

  it.each(['length', 'filter'] as const)('gives an answer that was cut by %s back as one', async (cut) => {
    const { standIn, model } = await world(() => ({ text: '{"cau', cut }), config);
    expect(await model.ask(QUESTION)).toMatchObject({ kind: 'incomplete', reason: cut, text: '{"cau' });
    expect(standIn.problems).toEqual([]);
  });

  it('says that it does not know where the server names no usage', async () => {
    const { model } = await world(() => ({ text: 'x', usage: null }), config);
    expect(await model.ask(QUESTION)).toMatchObject({ kind: 'text', usage: null });
  });
});

/** What each fault must come to. */
const EXPECTED: Readonly<Record<ModelFault, readonly [code: string, wait?: number | 'about 90 s']>> = {
  'limit-retry-after-ms': ['model-unavailable', 1_500],
  'limit-retry-after': ['model-unavailable', 7_000],
  'limit-retry-after-date': ['model-unavailable', 'about 90 s'],
  'limit-reset-requests': ['model-unavailable', 120],
  'limit-reset-tokens': ['model-unavailable', 90_000],
  'limit-without-a-word': ['model-unavailable'],
  quota: ['not-permitted'],
  unauthorized: ['not-permitted'],
  forbidden: ['not-permitted'],
  'no-such-model': ['not-permitted'],
  'bad-request': ['not-permitted'],
  'filtered-question': ['refused'],
  'timeout-408': ['model-unavailable'],
  'conflict-409': ['model-unavailable'],
  'server-error-500': ['model-unavailable'],
  'bad-gateway-html-502': ['model-unavailable'],
  'unavailable-503': ['model-unavailable', 3_000],
  reset: ['model-unavailable'],
  'reset-mid-body': ['model-unavailable'],
  hang: ['model-unavailable'],
  'hang-mid-body': ['model-unavailable'],
  'truncated-json': ['model-unavailable'],
  'not-json': ['model-unavailable'],
  'other-shape': ['model-unavailable'],
  'too-long': ['model-unavailable'],
  'failed-status': ['model-unavailable'],
  redirect: ['model-unavailable'],
};

describe('a model that cannot answer', () => {
  const passed: string[] = [];

  describe.each(WIRES)('over %s', (wire, config) => {
    it.each(MODEL_FAULTS)('%s: is asked once, and its end has its code and its wait', async (fault) => {
      const { standIn, model } = await world(
        () => ({ fault }),
        (url) => ({ ...config(url), timeoutMs: fault.startsWith('hang') ? 300 : 5_000 }),
      );
      const ended = await model.ask(QUESTION).then(
        (reply) => ({ code: reply.kind, retryAfterMs: undefined, message: '' }),
        (error: { code: string; retryAfterMs?: number; message: string }) => error,
      );
      const [code, wait] = EXPECTED[fault];
      expect(ended.code).toBe(code);
      if (wait === 'about 90 s') {
        expect(ended.retryAfterMs).toBeGreaterThan(60_000);
        expect(ended.retryAfterMs).toBeLessThanOrEqual(91_000);
      } else expect(ended.retryAfterMs).toBe(wait);
      expect(ended.message).not.toContain(MODEL_KEY);
      expect(standIn.heard).toHaveLength(1);
      passed.push(`${wire}/${fault}`);
    });
  });

  it('holds over the whole matrix', () => {
    const total = WIRES.length * MODEL_FAULTS.length;
    process.stdout.write(`model fault matrix: ${passed.length} of ${total}\n`);
    expect(passed).toHaveLength(total);
  });

  it('ends when the activity is cancelled', async () => {
    const { standIn, model } = await world(() => ({ fault: 'hang' }));
    const cancel = new AbortController();
    const asked = model.ask(QUESTION, cancel.signal);
    await expect.poll(() => standIn.heard.length).toBe(1);
    cancel.abort();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('waits as OpenAI writes them', () => {
  it.each([
    ['12ms', 12],
    ['1s', 1_000],
    ['7.66s', 7_660],
    ['1m30s', 90_000],
    ['6m0s', 360_000],
    ['2h0m1.5s', 7_201_500],
    ['', null],
    ['soon', null],
    ['5', null],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it('takes the later of two limits where none says that it is used up', () => {
    const headers = new Headers({ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6s' });
    expect(wantedWait(headers, 0)).toBe(6_000);
  });
});

describe('the configuration of OpenAI', () => {
  it('asks gpt-4.1 at its price when nothing is said', () => {
    expect(OpenAiConfig.parse({})).toMatchObject({ model: 'gpt-4.1', price: { input: 2, cachedInput: 0.5, output: 8 } });
  });

  it('wants a price for every other model', () => {
    const parsed = OpenAiConfig.safeParse({ model: 'gpt-5' });
    expect(parsed.error?.issues[0]).toMatchObject({ path: ['price'], message: expect.stringContaining('budget') });
    expect(OpenAiConfig.safeParse({ model: 'gpt-5', price: { input: 1, cachedInput: 0, output: 9 } }).success).toBe(true);
  });

  it("asks nobody without a key, except a server of one's own", async () => {
    const model = (config: object) =>
      openai.model?.({ config: OpenAiConfig.parse(config), stateDir: '', secret: () => [], readArtifact: async () => new Uint8Array() });
    expect(model({})).toBeNull();
    expect(model({ azure: { endpoint: 'https://x.example', apiVersion: '2025-04-01' } })).toBeNull();
    expect(model({ baseUrl: 'http://127.0.0.1:8000/v1' })).not.toBeNull();
  });

  it('names the limit as older servers do', async () => {
    const { standIn, model } = await world(
      () => ({ text: 'x' }),
      (url) => ({ baseUrl: `${url}/v1`, api: 'chat', limitField: 'max_tokens' }),
    );
    await model.ask(QUESTION);
    expect(standIn.heard[0]?.body).toMatchObject({ max_tokens: 500 });
    expect(standIn.heard[0]?.body).not.toHaveProperty('max_completion_tokens');
    expect(standIn.problems).toEqual([]);
  });

  it('says in the doctor whether key and model are taken', async () => {
    const good = await world(() => ({ text: '' }));
    expect(await good.doctor()).toMatchObject([
      { name: 'model', ok: true },
      { name: 'price', ok: true },
    ]);
    const other = await world(
      () => ({ text: '' }),
      (url) => ({ baseUrl: `${url}/v1`, model: 'gpt-9', price: { input: 0, cachedInput: 0, output: 0 } }),
    );
    expect(await other.doctor()).toMatchObject([{ ok: false, detail: expect.stringContaining('no model gpt-9; it has gpt-4.1') }, {}]);
    const wrong = await world(() => ({ text: '' }), undefined, 'sk-other');
    expect(await wrong.doctor()).toMatchObject([{ ok: false, detail: expect.stringContaining('openai-api-key') }, {}]);
    expect(good.standIn.heard).toEqual([]);
  });

  it('was checked against the published specification, where that is there', async () => {
    const { standIn } = await world(() => ({ text: '' }));
    expect(standIn.checked).toBe(existsSync(SPEC));
  });
});

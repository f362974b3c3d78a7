import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Json } from '../github/wire.ts';
import { faultAnswer, type ModelFault } from './faults.ts';
import { type SpecCheck, specCheck } from './spec-check.ts';

/** The key that the stand-in takes. */
export const MODEL_KEY = 'sk-standin-0123456789abcdefghijklmn';

/** A question as it arrived, whichever API carried it. */
export interface Heard {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Json;
  readonly instructions: string;
  readonly input: string;
  /** Undefined where none was sent. */
  readonly schema: Json;
}

/** What the stand-in says. */
export type Said =
  | {
      readonly text: string;
      readonly cut?: 'length' | 'filter';
      readonly usage?: { readonly in: number; readonly cached?: number; readonly out: number } | null;
    }
  | { readonly refusal: string }
  | { readonly fault: ModelFault };

/** A stand-in for OpenAI's API (Responses, chat completions, models) and Azure's paths to it; a real server on loopback. */
export interface ModelStandIn {
  readonly url: string;
  /** Every question, in order. */
  readonly heard: readonly Heard[];
  /** What was wrong with requests, or with the stand-in's own answers, by the published specification. */
  readonly problems: readonly string[];
  /** Whether the specification was there to check with. */
  readonly checked: boolean;
  close(): Promise<void>;
}

const USAGE = { in: 100, cached: 20, out: 10 };

function asResponse(heard: Heard, said: Exclude<Said, { fault: ModelFault }>): Json {
  const text = 'text' in said ? said.text : '';
  const cut = 'text' in said ? said.cut : undefined;
  const usage = 'text' in said && said.usage !== undefined ? said.usage : USAGE;
  const part =
    'refusal' in said ? { type: 'refusal', refusal: said.refusal } : { type: 'output_text', text, annotations: [], logprobs: [] };
  const status = cut === undefined ? 'completed' : 'incomplete';
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1_790_000_000,
    status,
    error: null,
    incomplete_details: cut === undefined ? null : { reason: cut === 'length' ? 'max_output_tokens' : 'content_filter' },
    instructions: heard.instructions,
    metadata: {},
    model: heard.body.model,
    output: [{ id: 'msg_1', type: 'message', role: 'assistant', status, content: [part] }],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    ...(usage === null
      ? {}
      : {
          usage: {
            input_tokens: usage.in,
            input_tokens_details: { cached_tokens: usage.cached ?? 0, cache_write_tokens: 0 },
            output_tokens: usage.out,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: usage.in + usage.out,
          },
        }),
  };
}

function asCompletion(heard: Heard, said: Exclude<Said, { fault: ModelFault }>): Json {
  const usage = 'text' in said && said.usage !== undefined ? said.usage : USAGE;
  const cut = 'text' in said ? said.cut : undefined;
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: heard.body.model,
    choices: [
      {
        index: 0,
        finish_reason: cut === undefined ? 'stop' : cut === 'length' ? 'length' : 'content_filter',
        logprobs: null,
        message: {
          role: 'assistant',
          content: 'text' in said ? said.text : null,
          refusal: 'refusal' in said ? said.refusal : null,
        },
      },
    ],
    ...(usage === null
      ? {}
      : {
          usage: {
            prompt_tokens: usage.in,
            completion_tokens: usage.out,
            total_tokens: usage.in + usage.out,
            prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
          },
        }),
  };
}

function hear(path: string, headers: IncomingMessage['headers'], body: Json): Heard {
  const chat = path.endsWith('/chat/completions');
  const message = (role: string): string => body.messages?.find((each: Json) => each.role === role)?.content ?? '';
  return {
    path,
    headers,
    body,
    instructions: chat ? message('system') : (body.instructions ?? ''),
    input: chat ? message('user') : body.input,
    schema: chat ? body.response_format?.json_schema : body.text?.format,
  };
}

/** The part of a path that the specification knows. */
function specified(path: string): string {
  return path
    .replace(/^\/openai\/deployments\/[^/]+/, '')
    .replace(/^\/openai/, '')
    .replace(/^\/v1/, '');
}

/** Starts it. `say` answers each question. */
export async function startModelStandIn(
  say: (heard: Heard, nth: number) => Said,
  options: { readonly models?: readonly string[] } = {},
): Promise<ModelStandIn> {
  const check: SpecCheck | null = await specCheck();
  const heard: Heard[] = [];
  const problems: string[] = [];

  const send = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_1', ...headers }).end(text);
  };

  const fail = (fault: ModelFault, request: IncomingMessage, response: ServerResponse): void => {
    const answer = faultAnswer(fault, Date.now());
    if (answer !== null) return send(response, answer.status, answer.body, answer.headers);
    switch (fault) {
      case 'reset':
        request.socket.destroy();
        return;
      case 'hang-mid-body':
      case 'reset-mid-body':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
        response.write('{"id":"resp_1","output":[{"ty', () => {
          if (fault === 'reset-mid-body') request.socket.destroy();
        });
        return;
      case 'too-long':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(`{"id":"${'x'.repeat(9 * 1024 ** 2)}"}`);
        return;
      default:
        // A hang: nothing ever comes.
        return;
    }
  };

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
    const method = request.method ?? 'GET';
    const azure = path.startsWith('/openai/');
    const key = azure ? request.headers['api-key'] : request.headers.authorization?.replace('Bearer ', '');
    if (azure && searchParams.get('api-version') === null)
      return send(response, 400, { error: { message: 'api-version is needed', code: null } });
    if (key !== MODEL_KEY) return fail('unauthorized', request, response);
    const call = { method, path: specified(path) };
    if (method === 'GET' && call.path === '/models') {
      const data = (options.models ?? ['gpt-4.1']).map((id) => ({ id, object: 'model', created: 1, owned_by: 'stand-in' }));
      return send(response, 200, { object: 'list', data });
    }
    if (method !== 'POST' || !['/responses', '/chat/completions'].includes(call.path))
      return send(response, 404, { error: { message: `no ${method} ${path}`, code: null } });
    const question = hear(path, request.headers, await json(request));
    heard.push(question);
    problems.push(...(check?.request({ ...call, body: question.body }) ?? []));
    const said = say(question, heard.length);
    if ('fault' in said) return fail(said.fault, request, response);
    const body = call.path === '/responses' ? asResponse(question, said) : asCompletion(question, said);
    // Servers that say no usage are not OpenAI; what else the stand-in says must be as OpenAI says it.
    if (body.usage !== undefined) problems.push(...(check?.response(call, body, 200) ?? []).map((problem) => `stand-in: ${problem}`));
    send(response, 200, body);
  };

  const server = createServer((request, response) => {
    take(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    problems,
    checked: check !== null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

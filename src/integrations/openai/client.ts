import type OpenAI from 'openai';
import { Failure } from '../../domain/failure.ts';
import type { OpenAiConfig } from './config.schema.ts';

/** Longest answer, in bytes: the longest that is asked for has some 300 kB. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;

/** `fetch` under a time limit that holds for the body, too, and that reads only so much. */
function boundedFetch(timeoutMs: number): typeof fetch {
  return async (input, init) => {
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = init?.signal == null ? limit : AbortSignal.any([init.signal, limit]);
    const response = await fetch(input, { ...init, signal, redirect: 'error' });
    let read = 0;
    const counted = response.body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          read += chunk.byteLength;
          if (read > MAX_ANSWER_BYTES)
            controller.error(new Failure('model-unavailable', `the model's answer is longer than ${MAX_ANSWER_BYTES} bytes`));
          else controller.enqueue(chunk);
        },
      }),
    );
    const { status, statusText, headers } = response;
    return new Response(counted ?? null, { status, statusText, headers });
  };
}

/** The official SDK, loaded when it is first needed. It repeats nothing, reads nothing from the environment and writes no log. */
export async function openClient(config: OpenAiConfig, apiKey: string): Promise<OpenAI> {
  const { AzureOpenAI, OpenAI: Client } = await import('openai');
  const common = {
    apiKey,
    maxRetries: 0,
    timeout: config.timeoutMs,
    fetch: boundedFetch(config.timeoutMs),
    logLevel: 'off',
    organization: null,
    project: null,
  } as const;
  const { azure, model } = config;
  return azure === undefined
    ? new Client({ ...common, baseURL: config.baseUrl })
    : new AzureOpenAI({ ...common, endpoint: azure.endpoint, apiVersion: azure.apiVersion, deployment: model });
}

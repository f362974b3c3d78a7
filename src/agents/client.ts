import { Client, SdkHttpError, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { oneLine } from '../lib/one-line.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { failureOf } from './tool-error.ts';

/** The protocol revision that agents of ours speak to each other. */
export const REVISION = '2026-07-28';

/** Where an agent is: at an address with a bearer token, or a program of its own that speaks over its pipes. */
export type AgentPlace =
  | { readonly url: string; readonly token: () => string | undefined }
  /** Program and arguments; no shell. It gets `env` and nothing of ours. */
  | { readonly command: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> };

/** How one call is bounded and followed. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/** An agent elsewhere. */
export interface RemoteAgent {
  /** Throws `Failure`: what the agent said went wrong, `model-unavailable` or `executor-unavailable` (worth a retry) where it does not answer, `not-permitted` where it does not let us in, `plan-invalid` where its answer does not fit. */
  call<Output extends z.ZodType>(tool: string, input: object, output: Output, options: CallOptions): Promise<z.infer<Output>>;
  /** Returns when it answers and has these tools; throws as `call` does. */
  reach(tools: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Largest answer, in bytes: a plan may write a MB or two. */
const MAX_ANSWER = 32 * 1024 ** 2;

/** How long it may take to say which tools it has. */
const REACH_MS = 10_000;

/** How long an executor is left alone that does not answer: jobs are tried three times, and one that starts again takes a while. */
const EXECUTOR_PAUSE_MS = 30_000;

function transportTo(place: AgentPlace): Transport {
  if ('command' in place) {
    const [command, ...args] = place.command;
    return new StdioClientTransport({ command, args, env: { ...place.env }, stderr: 'inherit', maxBufferSize: MAX_ANSWER });
  }
  const token = place.token();
  return new StreamableHTTPClientTransport(new URL(place.url), {
    fetch: boundedFetch(MAX_ANSWER),
    requestInit: { redirect: 'error', headers: token === undefined ? {} : { authorization: `Bearer ${token}` } },
  });
}

const whereIs = (place: AgentPlace): string => ('command' in place ? place.command[0] : new URL(place.url).origin);

/** One connection to an agent elsewhere, made when it is needed and made again after it was lost. */
export function connectAgent(name: 'reasoner' | 'executor', place: AgentPlace): RemoteAgent {
  let connected: Promise<Client> | null = null;

  async function connect(timeoutMs: number): Promise<Client> {
    const client = new Client({ name: 'suture', version: '1' }, { versionNegotiation: { mode: { pin: REVISION } } });
    client.onclose = () => {
      connected = null;
    };
    await client.connect(transportTo(place), { timeout: timeoutMs });
    return client;
  }

  async function close(): Promise<void> {
    const old = connected;
    connected = null;
    await (await old?.catch(() => null))?.close().catch(() => undefined);
  }

  /** Over HTTP nothing stands between two calls, and closing would end the calls of others; a program that went wrong is ended. */
  async function forget(): Promise<void> {
    if ('command' in place) await close();
    else connected = null;
  }

  function away(error: unknown): Failure {
    if (error instanceof Failure) return error;
    const status = error instanceof SdkHttpError ? error.status : undefined;
    if (status === 401 || status === 403)
      return new Failure('not-permitted', `the ${name} at ${whereIs(place)} does not let us in (${status}): give the token that it knows`, {
        cause: error,
      });
    const why = oneLine(error instanceof Error ? error.message : String(error), 200);
    const said = `the ${name} at ${whereIs(place)} does not answer: ${why}; start it, or correct agents.${name}`;
    return name === 'executor'
      ? new Failure('executor-unavailable', said, { cause: error, retryAfterMs: EXECUTOR_PAUSE_MS })
      : new Failure('model-unavailable', said, { cause: error });
  }

  /** Asks over the one connection; what went wrong there leaves none behind. */
  async function over<T>(timeoutMs: number, ask: (client: Client) => Promise<T>, onError: (error: unknown) => Failure = away): Promise<T> {
    try {
      connected ??= connect(timeoutMs);
      return await ask(await connected);
    } catch (error) {
      await forget();
      throw onError(error);
    }
  }

  return {
    async call(tool, input, output, { timeoutMs, signal, onProgress }) {
      const result = await over(
        timeoutMs,
        (client) =>
          client.callTool(
            { name: tool, arguments: { ...input } },
            {
              timeout: timeoutMs,
              maxTotalTimeout: timeoutMs,
              ...(signal === undefined ? {} : { signal }),
              ...(onProgress === undefined ? {} : { onprogress: ({ message }) => onProgress(oneLine(message ?? '', 500)) }),
            },
          ),
        (error) => (signal?.aborted === true ? new Failure('cancelled', `the call of ${tool} was stopped`, { cause: error }) : away(error)),
      );
      if (result.isError === true)
        throw (
          failureOf(result) ?? new Failure('plan-invalid', `the ${name} refused ${tool}: ${oneLine(JSON.stringify(result.content), 300)}`)
        );
      const parsed = output.safeParse(result.structuredContent);
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new Failure(
        'plan-invalid',
        `the ${name} answers ${tool} in a form that does not fit: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
      );
    },
    async reach(tools) {
      const { tools: known } = await over(REACH_MS, (client) => client.listTools(undefined, { timeout: REACH_MS }));
      const missing = tools.filter((tool) => !known.some((one) => one.name === tool));
      if (missing.length > 0)
        throw new Failure('configuration-invalid', `agents.${name}: what answers at ${whereIs(place)} has no tool ${missing.join(', ')}`);
    },
    close,
  };
}

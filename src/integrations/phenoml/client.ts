import axios, { isAxiosError } from 'axios';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';

/** Longest answer, in bytes. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;
/** So long before its end a token is not used any more, in milliseconds. */
const MARGIN_MS = 120_000;

const Token = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(3_600) });
const Chat = z.object({ success: z.boolean().optional(), message: z.string().nullish(), response: z.string().nullish() });

/** What calls are made with. */
export interface PhenoMlOptions {
  readonly baseUrl: string;
  readonly agentId: string;
  readonly timeoutMs: number;
  readonly credentials: () => { readonly id: string; readonly secret: string };
  readonly now: () => number;
}

/** A thin client of PhenoML: a token, and one message to an agent. Repeats nothing. */
export interface PhenoMlClient {
  /** Gets a token, unless a good one is held. */
  token(signal?: AbortSignal): Promise<string>;
  /** One message in a session of its own; the agent's text. */
  chat(message: string, signal?: AbortSignal): Promise<string>;
}

/** Creates one. Throws `Failure` codes `model-unavailable`, `not-permitted` and `cancelled`. */
export function createPhenoMlClient(options: PhenoMlOptions): PhenoMlClient {
  let held: { readonly token: string; readonly until: number } | null = null;
  const post = async (path: string, body: object, signal: AbortSignal | undefined, token?: string): Promise<unknown> => {
    const limit = AbortSignal.timeout(options.timeoutMs);
    try {
      const response = await axios.post<unknown>(`${options.baseUrl}${path}`, body, {
        timeout: options.timeoutMs,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        maxRedirects: 0,
        maxContentLength: MAX_ANSWER_BYTES,
        proxy: false,
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      });
      return response.data;
    } catch (error) {
      throw phenoMlFailure(error, signal?.aborted === true);
    }
  };
  const client: PhenoMlClient = {
    async token(signal) {
      if (held !== null && held.until > options.now()) return held.token;
      const { id, secret } = options.credentials();
      const parsed = Token.safeParse(await post('/v2/auth/token', { client_id: id, client_secret: secret }, signal));
      if (!parsed.success) throw new Failure('model-unavailable', 'PhenoML answered what is no token');
      held = { token: parsed.data.access_token, until: options.now() + parsed.data.expires_in * 1000 - MARGIN_MS };
      return held.token;
    },
    async chat(message, signal) {
      const before = held;
      const token = await client.token(signal);
      try {
        const parsed = Chat.safeParse(await post('/agent/chat', { message, agent_id: options.agentId }, signal, token));
        const text = parsed.data?.response;
        if (parsed.data?.success === false || typeof text !== 'string')
          throw new Failure('model-unavailable', `PhenoML's agent gave no answer: ${oneLine(parsed.data?.message ?? '', 200)}`);
        return text;
      } catch (error) {
        const refused = error instanceof Failure && error.code === 'not-permitted';
        // A token from before may have been taken back since: the next call gets a new one and shows.
        if (!refused || before !== held) throw error;
        held = null;
        throw new Failure('model-unavailable', 'PhenoML does not take the token any more');
      }
    },
  };
  return client;
}

function phenoMlFailure(error: unknown, cancelled: boolean): Failure {
  if (cancelled) return new Failure('cancelled', 'the question to the model was cancelled');
  if (!isAxiosError(error)) return new Failure('model-unavailable', 'PhenoML could not be reached');
  const { response } = error;
  // The error itself holds the request, and with it the credentials: nothing of it is passed on as a cause.
  if (response === undefined)
    return new Failure('model-unavailable', `PhenoML did not answer: ${oneLine(error.code ?? error.message, 100)}`);
  const { status } = response;
  if (status === 401 || status === 403)
    return new Failure('not-permitted', `PhenoML does not take the secrets phenoml-client-id and phenoml-client-secret (${status})`);
  // A session is busy, or nobody answered in time.
  if (status === 429 || status === 408 || status === 409 || status >= 500) {
    const after = Number(response.headers['retry-after']);
    const wait = Number.isFinite(after) && after > 0 ? { retryAfterMs: after * 1000 } : {};
    return new Failure('model-unavailable', `PhenoML answered ${status}`, wait);
  }
  if (status === 404) return new Failure('not-permitted', 'PhenoML has no such agent: correct integrations.phenoml.agentId');
  return new Failure('not-permitted', `PhenoML refused the question (${status})`);
}

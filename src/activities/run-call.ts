import axios, { isAxiosError } from 'axios';
import { Failure } from '../domain/failure.ts';

/** Carries a production action's call out, once. `token` goes as a bearer token where there is one. */
export type RunCall = (
  call: { readonly method: string; readonly url: string; readonly body: Readonly<Record<string, string | number | boolean>> },
  options: { readonly key: string; readonly timeoutMs: number },
) => Promise<{ readonly status: number }>;

/** Codes of Node for a call that never left. */
const NOT_REACHED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

/** Calls by HTTP: no redirect is followed, no answer but its status is used. Throws `Failure`: `not-permitted` where it was refused, `health-unavailable` where nobody knows whether it was done. */
export function createRunCall(token: () => string | undefined): RunCall {
  return async ({ method, url, body }, { key, timeoutMs }) => {
    const held = token();
    const where = new URL(url).host;
    try {
      const { status } = await axios.request({
        method,
        url,
        data: body,
        timeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
        maxRedirects: 0,
        maxContentLength: 64 * 1024,
        responseType: 'text',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': key,
          ...(held === undefined ? {} : { authorization: `Bearer ${held}` }),
        },
      });
      return { status };
    } catch (error) {
      const status = isAxiosError(error) ? error.response?.status : undefined;
      if (status !== undefined && status < 500 && status !== 408 && status !== 429)
        throw new Failure('not-permitted', `${where} refused the action with status ${status}`);
      if (isAxiosError(error) && NOT_REACHED.has(error.code ?? ''))
        throw new Failure('not-permitted', `${where} cannot be reached, so nothing was done: ${error.code}`);
      throw new Failure(
        'health-unavailable',
        `${where} did not say whether the action was done: ${status === undefined ? 'no answer' : `status ${status}`}`,
      );
    }
  };
}

import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import { wantedWait } from './waits.ts';

/** What the SDK's errors have in common; read by shape, so that the SDK is loaded only where it is used. */
interface ApiError {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly headers?: Pick<Headers, 'get'> | undefined;
}

/** Used up money does not come back by waiting, though it has the status of a limit. */
const QUOTA = /insufficient_quota|billing|quota_exceeded/;

/** Whether the server would not even read the question. */
export function isFiltered(error: unknown): boolean {
  const { status, code } = (error ?? {}) as ApiError;
  return status === 400 && (code === 'content_filter' || code === 'content_policy_violation');
}

/** What became of a call that has no answer. Nothing of the request, and with it of the key, is passed on. */
export function openAiFailure(
  error: unknown,
  options: { readonly cancelled: boolean; readonly where: string; readonly now: number },
): Failure {
  const { cancelled, where, now } = options;
  if (error instanceof Failure) return error;
  if (cancelled) return new Failure('cancelled', 'the question to the model was cancelled');
  const { status, code, type, headers } = (error ?? {}) as ApiError;
  const said = oneLine(error instanceof Error ? error.message : String(error), 200);
  if (typeof status !== 'number') return new Failure('model-unavailable', `the model at ${where} did not answer: ${said}`);
  if (status === 429 && QUOTA.test(`${String(code)} ${String(type)}`))
    return new Failure('not-permitted', `the quota at ${where} is used up: raise it there, or name another model`);
  if (status === 401 || status === 403)
    return new Failure('not-permitted', `${where} does not take the secret openai-api-key for this model (${status})`);
  if (status === 404) return new Failure('not-permitted', `${where} has no such model or API (404): correct integrations.openai`);
  if (status === 429 || status === 408 || status === 409 || status >= 500) {
    const wait = headers === undefined ? undefined : wantedWait(headers, now);
    const why = status === 429 ? 'has a limit that is used up for now' : `answered ${status}`;
    return new Failure('model-unavailable', `the model at ${where} ${why}`, wait === undefined ? {} : { retryAfterMs: wait });
  }
  return new Failure('not-permitted', `${where} refused the question (${status}): ${said}`);
}

import { RequestError } from '@octokit/request-error';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';

/** An answer that says no: 403, 404, 409, 422 and the like. The caller knows what it means there; one that nobody expected is a failure by its status. */
export class Refusal extends Failure {
  readonly status: number;
  constructor(status: number, what: string, said: string) {
    super(
      codeOf(status),
      status === 403
        ? `GitHub does not permit ${what}: ${said}; run \`suture doctor github\``
        : `GitHub answered ${status} to ${what}: ${said}`,
    );
    this.status = status;
  }
}

function codeOf(status: number): Failure['code'] {
  switch (status) {
    case 403:
      return 'not-permitted';
    case 404:
    case 410:
    case 451:
      return 'repository-gone';
    case 409:
      return 'conflict';
    default:
      return 'bug';
  }
}

/** GitHub asks for at least a minute when it names no time (best practices for the REST API, secondary limits). */
const SECONDARY_PAUSE_MS = 60_000;

type Headers = Readonly<Record<string, string | number | undefined>>;

/** How long a limit asks to wait, in milliseconds; null when this answer is not about a limit. */
export function limitPause(status: number, headers: Headers, said: string, now: number): number | null {
  if (status !== 403 && status !== 429) return null;
  const after = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(after)) return Math.max(0, after * 1000);
  if (String(headers['x-ratelimit-remaining']) === '0') {
    const reset = Number(headers['x-ratelimit-reset']) * 1000;
    // The reset is in whole seconds of GitHub's clock; a second more keeps us behind it.
    return Number.isFinite(reset) ? Math.max(1000, reset - now + 1000) : SECONDARY_PAUSE_MS;
  }
  return status === 429 || /rate limit|abuse detection/i.test(said) ? SECONDARY_PAUSE_MS : null;
}

/** What a failed call means: a limit, a vendor that is away, a missing permission, or an answer that its caller understands. */
export function failureOf(error: unknown, what: string, now: number): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof RequestError) || error.response === undefined) {
    const why = error instanceof Error ? error.message : String(error);
    return new Failure('forge-unavailable', oneLine(`GitHub did not answer ${what}: ${why}`, 500), { cause: error });
  }
  const { status } = error;
  const said = oneLine(error.message, 300);
  const pause = limitPause(status, error.response.headers, said, now);
  if (pause !== null) return new Failure('rate-limited', `GitHub's limit was reached at ${what}`, { retryAfterMs: pause });
  if (status >= 500 || status === 408) return new Failure('forge-unavailable', `GitHub answered ${status} to ${what}`);
  if (status === 401)
    return new Failure('not-permitted', `GitHub does not accept our credentials for ${what}: ${said}; run \`suture doctor github\``);
  return new Refusal(status, what, said);
}

/** Runs a call and gives another value for these statuses. A 409 counts where it says that the repository is empty; every other one is a race that a repeat ends. */
export async function unless<T, Other>(statuses: readonly number[], other: Other, call: Promise<T>): Promise<T | Other> {
  try {
    return await call;
  } catch (error) {
    const counts =
      error instanceof Refusal && statuses.includes(error.status) && (error.status !== 409 || /\bempty\b/i.test(error.message));
    if (counts) return other;
    throw error;
  }
}

import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import { SlackRefusal } from './refusal.ts';

/** Slack's words for "not now": it is away, or in the middle of something. */
const PASSING: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'migration_in_progress',
]);

/** Wait when Slack names none, in milliseconds: its limits are per minute. */
const PAUSE_MS = 60_000;

/** What the client throws, as far as it is looked at. */
const Thrown = z.object({
  code: z.string().optional(),
  retryAfter: z.number().optional(),
  statusCode: z.number().optional(),
  data: z
    .object({ error: z.string().optional(), response_metadata: z.object({ retryAfter: z.number().optional() }).optional() })
    .optional(),
  message: z.string().default(''),
});

function limited(method: string, seconds: number | undefined): Failure {
  return new Failure('rate-limited', `Slack's limit was reached at ${method}`, {
    retryAfterMs: seconds === undefined ? PAUSE_MS : Math.max(0, seconds * 1000),
  });
}

/** What a failed call means: a limit, a vendor that is away, or an answer that says no. */
export function failureOf(error: unknown, method: string): Failure {
  if (error instanceof Failure) return error;
  const away = (why: string) =>
    new Failure('notifier-unavailable', oneLine(`Slack did not answer ${method}: ${why}`, 300), { cause: error });
  const thrown = Thrown.safeParse(
    error instanceof Error ? { ...(error as object), message: error.message } : { message: String(error) },
  ).data;
  if (thrown === undefined) return away('an error of an unknown kind');
  switch (thrown.code) {
    case 'slack_webapi_rate_limited_error':
      return limited(method, thrown.retryAfter);
    case 'slack_webapi_http_error':
      // A proxy, or an address that is not Slack's; both pass, or are found by the doctor.
      return away(`HTTP status ${thrown.statusCode ?? 'unknown'}`);
    case 'slack_webapi_platform_error': {
      const said = thrown.data?.error ?? '';
      if (said === 'ratelimited' || said === 'rate_limited') return limited(method, thrown.data?.response_metadata?.retryAfter);
      if (PASSING.has(said)) return away(said);
      // The client gives what it could not parse, such as half an answer, as the name of the error.
      return /^[a-z][a-z0-9_]{1,60}$/.test(said) ? new SlackRefusal(method, said) : away('the answer was cut off');
    }
    default:
      return /Retry header/.test(thrown.message) ? limited(method, undefined) : away(thrown.message);
  }
}

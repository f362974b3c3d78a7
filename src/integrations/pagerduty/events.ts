import axios, { isAxiosError } from 'axios';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';

/** An event of the Events API v2. */
export const PagerEvent = z.object({
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().max(255),
  payload: z
    .object({
      summary: z.string().max(1024),
      source: z.string(),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  links: z.array(z.object({ href: z.string(), text: z.string() })).optional(),
  client: z.string().optional(),
  client_url: z.string().optional(),
});
export type PagerEvent = z.infer<typeof PagerEvent>;

/** PagerDuty names no wait: its limit is per minute and integration. */
const LIMIT_PAUSE_MS = 30_000;

/** Sends one event. PagerDuty joins events by `dedup_key`, so a repeat changes nothing. Without repeats of its own: Temporal repeats. */
export async function sendEvent(
  options: { readonly eventsUrl: string; readonly timeoutMs: number; readonly routingKey: string },
  event: PagerEvent,
): Promise<void> {
  try {
    await axios.post(
      `${options.eventsUrl}/v2/enqueue`,
      { ...event, routing_key: options.routingKey },
      {
        timeout: options.timeoutMs,
        signal: AbortSignal.timeout(options.timeoutMs),
        maxRedirects: 0,
        maxContentLength: 65_536,
        proxy: false,
      },
    );
  } catch (error) {
    throw pagerFailure(error);
  }
}

function pagerFailure(error: unknown): Failure {
  if (!isAxiosError(error)) return new Failure('notifier-unavailable', 'PagerDuty could not be reached', { cause: error });
  const { response } = error;
  // The error itself holds the request, and with it the routing key: nothing of it is passed on as a cause.
  if (response === undefined)
    return new Failure('notifier-unavailable', `PagerDuty did not answer: ${oneLine(error.code ?? error.message, 100)}`);
  const { status } = response;
  const said = oneLine(typeof response.data === 'object' ? JSON.stringify(response.data) : String(response.data ?? ''), 200);
  if (status === 429) {
    const after = Number(response.headers['retry-after']);
    const retryAfterMs = Number.isFinite(after) && after > 0 ? after * 1000 : LIMIT_PAUSE_MS;
    return new Failure('rate-limited', "PagerDuty's limit was reached", { retryAfterMs });
  }
  if (status >= 500 || status === 408) return new Failure('notifier-unavailable', `PagerDuty answered ${status}`);
  if (status === 401 || status === 403)
    return new Failure('not-permitted', `PagerDuty does not take the secret pagerduty-routing-key (${status}): ${said}`);
  return new Failure(
    'not-permitted',
    `PagerDuty refused the event (${status}): ${said}; the secret pagerduty-routing-key may be no routing key`,
  );
}

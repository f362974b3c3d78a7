import { tmpdir } from 'node:os';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { diskFull, inState, isDiskFull, type Place } from '../domain/disk-full.ts';
import { FAILURES, Failure, type FailureCode } from '../domain/failure.ts';
import { oneLine } from '../lib/excerpt.ts';
import { fullest } from '../lib/free-space.ts';
import { activityContext, alive } from './activity-context.ts';
import type { ActivityDeps } from './deps.ts';

/** Longest message that goes into history, in characters. */
const MAX_MESSAGE = 1_000;

/** How long to leave a vendor alone that asked for it without saying how long. */
const RATE_LIMIT_PAUSE_MS = 60_000;

/** Nobody waits longer for a vendor in one go: limits reset within an hour. */
const MAX_PAUSE_MS = 3_600_000;

// Waiting for somebody else's machine is what retries are for: no alarm, no error in the log.
const EXPECTED: ReadonlySet<FailureCode> = new Set([
  'rate-limited',
  'forge-unavailable',
  'health-unavailable',
  'notifier-unavailable',
  'model-unavailable',
  'executor-unavailable',
  'temporal-unavailable',
  'conflict',
  'cancelled',
]);

/** Turns whatever an activity threw into what Temporal is to know: our code as the type, whether a repeat can help, one redacted line; no stack, no cause. */
export function toFailure(error: unknown, redact: (text: string) => string): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) {
    return error;
  }
  const code: FailureCode = error instanceof Failure ? error.code : 'bug';
  const said = error instanceof Error ? error.message : String(error);
  const asked = error instanceof Failure ? error.retryAfterMs : undefined;
  const pause = asked ?? (code === 'rate-limited' ? RATE_LIMIT_PAUSE_MS : undefined);
  const failure = ApplicationFailure.create({
    type: code,
    message: oneLine(redact(said === '' ? `a failure of kind ${code} without a message` : said), MAX_MESSAGE),
    // A bug of ours that shows once may be a race: the activity's own limits end the repeats. Named failures follow the table.
    nonRetryable: error instanceof Failure && !FAILURES[code].retry,
    ...(pause === undefined ? {} : { nextRetryDelay: Math.min(pause, MAX_PAUSE_MS) }),
    ...(EXPECTED.has(code) ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
  delete failure.stack;
  return failure;
}

/** What was thrown, with its code where a full disk is behind it: not everything that writes knows our codes. */
function withCode(error: unknown, stateDir: string | undefined): unknown {
  if (error instanceof Failure || !isDiskFull(error)) return error;
  const temporary: Place = { folder: tmpdir(), setting: 'TMPDIR' };
  return diskFull(stateDir === undefined ? temporary : fullest(inState(stateDir), temporary), error);
}

/** Wraps activities so that they say that they live and everything they throw passes `toFailure`; bugs are logged with their stack first, which history never sees. */
export function guarded<T extends object>(activities: T, deps: Pick<ActivityDeps, 'log' | 'redact' | 'stateDir'>): T {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (input: unknown): Promise<unknown> => {
      try {
        return await alive(() => (run as (input: unknown) => Promise<unknown>)(input));
      } catch (thrown) {
        const error = withCode(thrown, deps.stateDir);
        const cancelled: unknown = activityContext()?.cancellationSignal.reason;
        if (cancelled instanceof CancelledFailure && error instanceof Failure && error.code === 'cancelled') {
          throw cancelled;
        }
        if (!(error instanceof Failure) && !(error instanceof CancelledFailure)) {
          deps.log.error({ activity: name, err: error }, 'an activity failed with what no code names');
        } else {
          deps.log.warn(
            { activity: name, err: error instanceof Failure ? { code: error.code, message: error.message } : 'cancelled' },
            'an activity failed',
          );
        }
        throw toFailure(error, deps.redact);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

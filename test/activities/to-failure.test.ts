import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { guarded, toFailure } from '../../src/activities/to-failure.ts';
import { FAILURES, Failure, type FailureCode } from '../../src/domain/failure.ts';
import { createRedactor } from '../../src/lib/redact.ts';

const redact = createRedactor(['hunter2hunter2']);

function converted(error: unknown): ApplicationFailure {
  const failure = toFailure(error, redact);
  if (!(failure instanceof ApplicationFailure)) throw new Error('not an ApplicationFailure');
  return failure;
}

describe('failures of activities', () => {
  it.each(Object.keys(FAILURES) as FailureCode[])('carry the code %s as their type and repeat only where that can help', (code) => {
    const failure = converted(new Failure(code, 'what happened'));
    expect(failure.type).toBe(code);
    expect(failure.nonRetryable).toBe(!FAILURES[code].retry);
  });

  it('are called a bug when nobody named them, and repeat within the limits of the activity', () => {
    expect(converted(new TypeError('x is undefined'))).toMatchObject({ type: 'bug', nonRetryable: false });
    expect(converted('thrown text')).toMatchObject({ type: 'bug', message: 'thrown text' });
  });

  it('wait before they repeat where a vendor asked for it', () => {
    expect(converted(new Failure('rate-limited', 'slow down')).nextRetryDelay).toBe(60_000);
  });

  it('are one short line without secrets, stack or cause', () => {
    const failure = converted(
      new Failure('forge-unavailable', `token hunter2hunter2\n${'x'.repeat(5000)}`, { cause: new Error('hunter2hunter2') }),
    );
    expect(failure.message).not.toContain('hunter2');
    expect(failure.message).not.toContain('\n');
    expect(failure.message.length).toBeLessThanOrEqual(1000);
    expect(failure.cause).toBeUndefined();
    expect(failure.stack).toBeUndefined();
  });

  it('name the folder and the way out when a disk is full, whoever found out', async () => {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const write = async (why: string): Promise<void> => {
      throw new Error('could not be kept', { cause: Object.assign(new Error('write'), { code: why }) });
    };
    const { keep } = guarded({ keep: write }, { log, redact, stateDir: '/' });
    for (const code of ['ENOSPC', 'EDQUOT']) {
      await expect(keep(code)).rejects.toMatchObject({
        type: 'disk-full',
        nonRetryable: false,
        message: expect.stringMatching(/^the disk that holds \/.* is full: .* set (SUTURE_STATE_DIR|TMPDIR) to/),
      });
    }
    await expect(keep('EIO')).rejects.toMatchObject({ type: 'bug' });
  });

  it('leave a cancellation as it is', () => {
    const cancelled = new CancelledFailure('stop');
    expect(toFailure(cancelled, redact)).toBe(cancelled);
  });

  it('log a bug as an error and an expected failure as a warning', async () => {
    const logged: string[] = [];
    const note = (level: string) => () => void logged.push(level);
    const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
    const activities = guarded(
      {
        broken: async (what: string): Promise<void> => {
          throw new TypeError(what);
        },
        away: async (what: string): Promise<void> => {
          throw new Failure('forge-unavailable', what);
        },
      },
      { log, redact },
    );
    await expect(activities.broken('ours')).rejects.toMatchObject({ type: 'bug' });
    await expect(activities.away('theirs')).rejects.toMatchObject({ type: 'forge-unavailable' });
    expect(logged).toEqual(['error', 'warn']);
  });
});

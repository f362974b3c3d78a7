import { describe, expect, it } from 'vitest';
import { approvalLadder, type EscalationStep } from '../../src/domain/approval-ladder.ts';

const timings = { approvalReminderMs: 100, approvalReminders: 2 };
const step = (afterMs: number): EscalationStep => ({ afterMs, approvers: ['ops'], tell: [] });
const short = (...given: Parameters<typeof approvalLadder>) => approvalLadder(...given).map(({ kind, atMs }) => `${kind} ${atMs}`);

describe('the ladder of an approval', () => {
  it('is reminders and expiry by the server where the policy says nothing', () => {
    expect(short(timings)).toEqual(['remind 100', 'remind 200', 'expire 300']);
    expect(short({ approvalReminderMs: 100, approvalReminders: 0 })).toEqual(['expire 100']);
  });

  it('takes the policy where it says something', () => {
    expect(short(timings, { remindEveryMs: 10, reminders: 3, escalate: [] })).toEqual(['remind 10', 'remind 20', 'remind 30', 'expire 40']);
    expect(short(timings, { expireAfterMs: 150, escalate: [] })).toEqual(['remind 100', 'expire 150']);
  });

  it('asks the next ones before it reminds at the same moment', () => {
    expect(short(timings, { escalate: [step(100), step(150)] })).toEqual([
      'escalate 100',
      'remind 100',
      'escalate 150',
      'remind 200',
      'expire 300',
    ]);
  });

  it('gives who is asked last as long as everybody else', () => {
    expect(short(timings, { escalate: [step(1_000)] }).slice(-2)).toEqual(['escalate 1000', 'expire 1100']);
  });

  it('asks nobody after nobody can decide any more, and counts only reminders that come', () => {
    const ladder = approvalLadder(timings, { expireAfterMs: 120, escalate: [step(500)] });
    expect(ladder).toEqual([
      { kind: 'remind', atMs: 100, number: 1, of: 1 },
      { kind: 'expire', atMs: 120 },
    ]);
  });
});

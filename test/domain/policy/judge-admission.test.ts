import { describe, expect, it } from 'vitest';
import type { SlotRequest } from '../../../src/domain/messages.ts';
import { judgeAdmission } from '../../../src/domain/policy/judge-admission.ts';

const request = (over: Partial<SlotRequest> = {}): SlotRequest => ({
  healingId: 'heal/acme/shop/branch/main',
  runId: 'run',
  subject: 'branch/main',
  signature: 's',
  title: 'unit fails',
  kind: 'code',
  shas: ['a'],
  priority: 3,
  since: '2026-11-23T10:00:00.000Z',
  slots: 1,
  leaseMs: 1,
  attemptsCap: 3,
  ledgerTtlMs: 1,
  ...over,
});
const line = { signature: 's', attempts: 1, lastOutcome: 'reverted: worse-after-deploy', coolUntil: '', personSaidNo: false };
const judge = (asked: SlotRequest, harmed: { readonly service?: string }) =>
  judgeAdmission({ request: asked, now: '2026-11-23T11:00:00.000Z', ledger: [{ ...line, harmed }], open: [] });

describe('where a fix did harm', () => {
  it.each([
    ['the same failure', request(), {}],
    ['another failure of the same service', request({ signature: 'other', service: 'auth' }), { service: 'auth' }],
  ])('%s is not healed', (_title, asked, harmed) => {
    expect(judge(asked, harmed)).toMatchObject({
      kind: 'refused',
      reason: 'halted-after-harm',
      detail: expect.stringContaining('resumes'),
    });
  });

  it.each([
    ['of another service', request({ signature: 'other', service: 'shop' })],
    ['of no service', request({ signature: 'other' })],
  ])('a failure %s is healed', (_title, asked) => {
    expect(judge(asked, { service: 'auth' })).toMatchObject({ kind: 'granted' });
  });
});

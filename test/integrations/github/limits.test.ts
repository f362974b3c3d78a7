import { describe, expect, it } from 'vitest';
import { limitPause } from '../../../src/integrations/github/answer.ts';
import { createWriteGate } from '../../../src/integrations/github/write-gate.ts';

const NOW = 1_800_000_000_000;

describe('what a limit asks for', () => {
  it.each([
    ['retry-after', 403, { 'retry-after': '17' }, '', 17_000],
    ['the reset of the hour', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) }, '', 91_000],
    ['a minute where nothing is said', 429, {}, 'slow down', 60_000],
    ['a minute for a secondary limit without a header', 403, {}, 'You have exceeded a secondary rate limit', 60_000],
    ['nothing for a missing permission', 403, {}, 'Resource not accessible by integration', null],
    ['nothing for another status', 422, { 'retry-after': '17' }, '', null],
  ])('is %s', (_what, status, headers, said, pause) => {
    expect(limitPause(status, headers, said, NOW)).toBe(pause);
  });
});

describe('the gate before writes', () => {
  const headers = (remaining: number, inSeconds: number) => ({
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(NOW / 1000 + inSeconds),
  });

  it('lets nothing through for an owner whose limit is used up, and others pass', async () => {
    let now = NOW;
    const gate = createWriteGate({ spacingMs: 0, now: () => now });
    gate.close('acme', 5000);
    expect(() => gate.check('acme')).toThrow(expect.objectContaining({ code: 'rate-limited', retryAfterMs: 5000 }));
    expect(() => gate.check('other')).not.toThrow();
    now += 5001;
    expect(() => gate.check('acme')).not.toThrow();
  });

  it('keeps writes of one owner apart and reads not, and sends long lines back to the queue', async () => {
    const now = NOW;
    const gate = createWriteGate({ spacingMs: 4000, now: () => now });
    const turns: string[] = [];
    await gate.pass('acme', true, async () => turns.push('first'));
    await gate.pass('acme', false, async () => turns.push('read'));
    await gate.pass('other', true, async () => turns.push('other'));
    expect(turns).toEqual(['first', 'read', 'other']);
    const waiting = [gate.pass('acme', true, async () => 1), gate.pass('acme', true, async () => 2)];
    await expect(gate.pass('acme', true, async () => 3)).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 12_000 });
    void Promise.allSettled(waiting);
  });

  it('knows how fast the scarcest limit lets everybody go, and forgets it when the hour is over', () => {
    let now = NOW;
    const gate = createWriteGate({ spacingMs: 0, now: () => now });
    gate.learn('rich', headers(4000, 600));
    expect(gate.pace()).toBeNull();
    gate.learn('poor', headers(60, 600));
    expect(gate.pace()).toBeCloseTo(0.1);
    gate.learn('odd', { 'x-ratelimit-limit': 'NaN' });
    gate.learn('search', { ...headers(0, 600), 'x-ratelimit-resource': 'search' });
    expect(gate.pace()).toBeCloseTo(0.1);
    now += 601_000;
    expect(gate.pace()).toBeNull();
  });
});

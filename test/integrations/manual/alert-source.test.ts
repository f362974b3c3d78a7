import { describe, expect, it } from 'vitest';
import { Signal } from '../../../src/domain/signal.schema.ts';
import { manual } from '../../../src/integrations/manual/index.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const source = manual.alertSource?.({
  config: {},
  stateDir: '/nowhere',
  secret: () => ['the-newer-token', 'the-older-token'],
  readArtifact: async () => new Uint8Array(),
});
if (source === undefined) throw new Error('manual has no alert source');

const report = { repository: 'acme/auth-service', summary: 'login is broken' };
const parse = (value: unknown) => source.parse({ headers: {}, body: Buffer.from(JSON.stringify(value)), receivedAt: NOW });
const one = (value: unknown): Signal => {
  const parsed = parse(value);
  if (parsed.kind !== 'signals' || parsed.signals[0] === undefined) throw new Error(JSON.stringify(parsed));
  return Signal.parse(parsed.signals[0]);
};
const verify = (authorization?: string) => source.verify({ headers: { authorization }, body: Buffer.from('{}'), receivedAt: NOW });

describe('verify', () => {
  it('accepts both tokens of a rotation, with the scheme in any case', () => {
    for (const header of ['Bearer the-newer-token', 'bearer the-older-token']) expect(verify(header)).toEqual({ ok: true });
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['the bare token', 'the-newer-token'],
    ['another scheme', 'Basic the-newer-token'],
    ['an empty token', 'Bearer '],
    ['a shorter token', 'Bearer the-newer-toke'],
    ['a longer token', 'Bearer the-newer-tokens'],
    ['two tokens', 'Bearer the-newer-token, Bearer the-newer-token'],
  ])('refuses %s', (_what, header) => {
    expect(verify(header).ok).toBe(false);
  });
});

describe('parse', () => {
  it('makes a signal of a whole report', () => {
    const sha = 'a'.repeat(40);
    const whole = {
      ...report,
      subject: 'branch/main',
      kind: 'check-failed',
      check: 'tests',
      sha,
      service: 'auth',
      facts: { run: '17' },
      idempotencyKey: 'ticket 7',
    };
    expect(one(whole)).toEqual({
      id: 'manual:ticket 7',
      source: 'manual',
      kind: 'check-failed',
      repo: { owner: 'acme', name: 'auth-service' },
      subject: 'branch/main',
      at: NOW.toISOString(),
      actor: { id: 'manual-token', trust: 'maintainer' },
      summary: 'login is broken',
      facts: { run: '17', check: 'tests' },
      sha,
      service: 'auth',
    });
  });

  it('gives the same report the same id and another report another', () => {
    expect(one(report).id).toBe(one(report).id);
    expect(one(report).id).not.toBe(one({ ...report, summary: 'login is slow' }).id);
    expect(one({ ...report, idempotencyKey: 'k' }).id).toBe(one({ ...report, summary: 'told again', idempotencyKey: 'k' }).id);
  });

  it.each([
    ['the key', { idempotencyKey: 'Ticket #7' }, 'manual/ticket-7'],
    ['the check', { check: 'unit tests', service: 'auth' }, 'manual/unit-tests'],
    ['the service', { service: 'auth' }, 'manual/auth'],
    ['the summary', {}, 'manual/login-is-broken'],
  ])('names its subject by %s', (_what, more, subject) => {
    expect(one({ ...report, ...more }).subject).toBe(subject);
  });

  it('keeps subjects apart that would be cut or emptied to the same name', () => {
    const subjects = ['проблема', '問題', `${'x'.repeat(140)}1`, `${'x'.repeat(140)}2`].map(
      (idempotencyKey) => one({ ...report, idempotencyKey }).subject,
    );
    expect(new Set(subjects).size).toBe(4);
  });

  it('makes one line of the summary', () => {
    expect(one({ ...report, summary: 'a\n\n## b \u001b]0;x\u0007c\u200b' }).summary).toBe('a ## b c[U+200B]');
  });

  it.each([
    ['a command', { run: 'rm -rf /' }, /run/],
    ['no summary', { summary: '' }, /summary/],
    ['a summary of nothing that can be seen', { summary: '\u0000\u0007' }, /summary/],
    ['a repository without owner', { repository: 'auth' }, /repository: must be owner\/name/],
    ['a repository that climbs', { repository: '../etc' }, /repository: must be owner\/name/],
    ['a repository of three parts', { repository: 'a/b/c' }, /repository: must be owner\/name/],
    ['a subject of an unknown form', { subject: 'planet/mars' }, /subject/],
    ['a short commit id', { sha: 'abc1234' }, /sha/],
    ['a kind that only a forge may report', { kind: 'change-merged' }, /kind/],
    ['a trust of its own', { actor: { id: 'x', trust: 'system' } }, /actor/],
    ['odd names of facts', { facts: { 'a b': 'c' } }, /facts/],
    [
      'many facts',
      { facts: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`f${index}`, 'x'])) },
      /facts: must be at most 20/,
    ],
    ['long facts', { facts: { a: 'x'.repeat(500), b: 'x'.repeat(500), c: 'x'.repeat(500) } }, /facts: must be at most 20/],
  ])('refuses %s and says where', (_what, more, reason) => {
    expect(parse({ ...report, ...more })).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });
});

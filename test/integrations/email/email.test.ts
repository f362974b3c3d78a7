import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, Failure } from '../../../src/domain/failure.ts';
import type { HandOver } from '../../../src/domain/hand-over.schema.ts';
import type { Notifier } from '../../../src/integrations/contract.ts';
import { EmailConfig } from '../../../src/integrations/email/config.schema.ts';
import { email } from '../../../src/integrations/email/index.ts';
import { handOverLetter } from '../../../src/integrations/email/letter.ts';
import { type MailFault, type SmtpStandIn, STAND_IN_CA, startSmtpStandIn } from '../../support/email/smtp-stand-in.ts';

const HEALING = 'heal/acme/shop/branch/main';
const folder = mkdtempSync(join(tmpdir(), 'suture-email-'));
const DIFF = '--- a/config.yaml\n+++ b/config.yaml\n';
let server: SmtpStandIn;
let plain: SmtpStandIn;
let made = 0;
beforeAll(async () => {
  [server, plain] = await Promise.all([startSmtpStandIn(), startSmtpStandIn({ tls: false })]);
});
afterAll(async () => {
  await Promise.all([server.close(), plain.close()]);
  rmSync(folder, { recursive: true, force: true });
});
const taken = () => server.mails as unknown as Array<SmtpStandIn['mails'][number]>;
afterEach(() => taken().splice(0));

interface Given {
  readonly config?: object;
  readonly password?: string;
  readonly stateDir?: string;
  readonly readArtifact?: () => Promise<Uint8Array>;
}
function contextOf({ config = {}, password = 'right', stateDir, readArtifact }: Given = {}) {
  made += 1;
  return {
    config: EmailConfig.parse({
      host: 'localhost',
      port: server.port,
      ca: STAND_IN_CA,
      user: 'suture',
      from: 'suture@example.com',
      to: ['team@example.com'],
      timeoutMs: 500,
      ...config,
    }),
    stateDir: stateDir ?? join(folder, String(made)),
    secret: (name: string) => (name === 'smtp-password' ? [password] : []),
    readArtifact: readArtifact ?? (async () => new TextEncoder().encode(DIFF)),
  };
}
function notifierOf(given?: Given): Notifier {
  const notifier = email.notifier?.(contextOf(given)) ?? null;
  if (notifier === null) throw new Error('not configured');
  return notifier;
}
const notice = (text: string) => ({ healingId: HEALING, kind: 'approval-wanted' as const, text });
const header = (raw: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(raw)?.[1]?.replace(/\r\n[ \t]+/g, ' ');
const decoded = (raw: string): string =>
  raw.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const handOver: HandOver = {
  healingId: HEALING,
  repo: { owner: 'acme', name: 'shop' },
  subject: 'branch/main',
  outcome: { kind: 'escalated', reason: 'no-strategy', detail: 'Nothing applies.' },
  title: 'tests fails on main',
  hypotheses: [{ text: 'config.yaml changed', evidence: ['check tests failed'] }],
  tried: [{ strategy: 'revert', result: 'stays red' }],
  owner: 'Payments, +1 555 0100',
  service: 'shop',
  branch: 'suture/fix-1',
  diff: { sha256: 'a'.repeat(64), size: 100, mediaType: 'text/x-diff' },
  commands: ['git fetch origin'],
  webUiUrl: 'http://127.0.0.1:8233/namespaces/default/workflows/x',
};

describe('mail', () => {
  it('goes out once per key, over TLS, signed in, and is one thread per healing', async () => {
    const stateDir = join(folder, 'once');
    await notifierOf({ stateDir }).notify(notice('please approve'), 'k1');
    await notifierOf({ stateDir }).notify(notice('please approve'), 'k1');
    await notifierOf({ stateDir }).notify({ ...notice('a reminder'), kind: 'reminder' }, 'k2');
    expect(taken()).toHaveLength(2);
    expect(taken().map((mail) => [mail.secure, mail.from, mail.to])).toEqual([
      [true, 'suture@example.com', ['team@example.com']],
      [true, 'suture@example.com', ['team@example.com']],
    ]);
    const [first, second] = taken().map((mail) => mail.raw);
    expect(header(first ?? '', 'References')).toBe(header(second ?? '', 'References'));
    expect(header(first ?? '', 'Message-ID')).not.toBe(header(second ?? '', 'Message-ID'));
    expect(header(first ?? '', 'Auto-Submitted')).toBe('auto-generated');
  });

  it('goes to those that the configuration or the ladder names, and to no other word', async () => {
    const notifier = notifierOf({ config: { toByKind: { reminder: ['lead@example.com'] } } });
    await notifier.notify({ ...notice('a'), kind: 'reminder' }, 'a');
    await notifier.notify({ ...notice('b'), to: ['oncall@example.com'] }, 'b');
    await notifier.notify({ ...notice('c'), to: ['#channel', 'x@example.com\r\nBcc: y@example.com'] }, 'c');
    expect(taken().map((mail) => mail.to)).toEqual([['lead@example.com'], ['oncall@example.com'], ['team@example.com']]);
  });

  it('brings the whole hand-over, with the diff beside it', async () => {
    await notifierOf().handOver(handOver, 'h');
    const raw = decoded(taken()[0]?.raw ?? '');
    for (const part of [
      'config.yaml changed',
      'check tests failed',
      'stays red',
      'Payments, +1 555 0100',
      'suture/fix-1',
      'git fetch origin',
    ])
      expect(raw).toContain(part);
    expect(raw).toMatch(/filename="?change\.diff/);
    expect(header(taken()[0]?.raw ?? '', 'Subject')).toContain('[Suture] A person is needed');
  });

  it('leaves a diff out that is larger than may be', async () => {
    await notifierOf({ config: { maxAttachmentBytes: 10 } }).handOver(handOver, 'h');
    expect(taken()[0]?.raw).not.toContain('change.diff');
  });

  it('goes out without a diff that is not there any more', async () => {
    const readArtifact = () => Promise.reject(new Failure('artifact-missing', 'gone'));
    await notifierOf({ readArtifact }).handOver(handOver, 'h');
    expect(decoded(taken()[0]?.raw ?? '')).toContain('git fetch origin');
  });

  it('shows hostile text as it reads: no header, no markup, no direction', async () => {
    const evil = 'x\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\u202egnp.exe';
    await notifierOf().notify(notice(evil), 'e');
    const mail = taken()[0];
    expect(mail?.to).toEqual(['team@example.com']);
    expect(header(mail?.raw ?? '', 'Bcc')).toBeUndefined();
    const [, shown = ''] = (mail?.raw ?? '').split(/^Content-Type: text\/html/im);
    expect(decoded(shown)).toContain('&#60;script');
    expect(decoded(shown)).not.toMatch(/<script/);
    const { html } = handOverLetter({ ...handOver, title: '<img src=x onerror=alert(1)>', webUiUrl: 'javascript:alert(1)' });
    expect(html).not.toMatch(/<img|javascript:/);
  });
});

describe('a mail server in trouble', () => {
  const KINDS: ReadonlyArray<readonly [MailFault, 'kept' | 'refused']> = [
    ['auth-refused', 'refused'],
    ['busy', 'kept'],
    ['refused', 'refused'],
    ['no-such-user', 'refused'],
    ['reset', 'kept'],
    ['hang', 'kept'],
    ['garbage', 'kept'],
    ['after-effect', 'kept'],
  ];
  let passed = 0;
  afterAll(() => process.stdout.write(`fault matrix of SMTP: ${passed}/${KINDS.length * 2} passed\n`));

  it.each(KINDS)('%s: a mail is %s, and no different one comes of it', async (fault, what) => {
    for (const send of ['notify', 'handOver'] as const) {
      const notifier = notifierOf();
      const go = () => (send === 'notify' ? notifier.notify(notice('please'), 'k') : notifier.handOver(handOver, 'k'));
      server.fail(fault);
      const failure = (await go().then(
        () => null,
        (error: unknown) => error,
      )) as Failure | null;
      expect(failure?.code === undefined ? null : FAILURES[failure.code].retry).toBe(what === 'kept');
      expect(failure?.message).not.toContain('right');
      expect(await notifier.catchUp?.()).toEqual({ delivered: what === 'kept' ? 1 : 0, waiting: 0 });
      const ids = taken().map((mail) => header(mail.raw, 'Message-ID'));
      expect(new Set(ids).size).toBe(what === 'kept' ? 1 : 0);
      if (what === 'kept') await go();
      expect(taken().length).toBe(fault === 'after-effect' ? 2 : what === 'kept' ? 1 : 0);
      taken().splice(0);
      passed += 1;
    }
  });

  it('keeps mails in order while the server is away', async () => {
    const notifier = notifierOf({ config: { port: 1 } });
    for (const key of ['1', '2']) await expect(notifier.notify(notice(key), key)).rejects.toMatchObject({ code: 'notifier-unavailable' });
    expect(await notifier.catchUp?.()).toEqual({ delivered: 0, waiting: 2 });
  });
});

describe('configuration of mail', () => {
  it('is told everything that is wrong at once', () => {
    const read = EmailConfig.safeParse({ host: 'mail.example.com', plaintext: true });
    expect(read.success ? [] : read.error.issues.map((issue) => issue.path.join('.'))).toEqual(['from', 'plaintext', 'to']);
  });

  it('is nothing to do where no server is named', () => {
    expect(email.notifier?.({ ...contextOf(), config: EmailConfig.parse({}) })).toBeNull();
  });

  it('is proven without sending anything, and says what is wrong', async () => {
    const diagnose = (given?: Given) => email.doctor?.(contextOf(given));
    expect(await diagnose()).toMatchObject([{ ok: true }, { ok: true, detail: expect.stringContaining('with TLS') }]);
    expect(await diagnose({ password: 'wrong' })).toMatchObject([{ ok: false, detail: expect.stringContaining('smtp-password') }]);
    expect(await diagnose({ config: { ca: undefined } })).toMatchObject([{ ok: false, detail: expect.stringContaining('TLS') }]);
    expect(await diagnose({ config: { port: 1 } })).toMatchObject([{ ok: false, detail: expect.stringContaining('localhost') }]);
    expect(taken()).toEqual([]);
  });

  it('never falls back to plain text by itself', async () => {
    const without = { port: plain.port, ca: undefined, user: undefined };
    await expect(notifierOf({ config: without }).notify(notice('a'), 'a')).rejects.toMatchObject({ code: expect.any(String) });
    expect(plain.mails).toEqual([]);
    await notifierOf({ config: { ...without, plaintext: true } }).notify(notice('a'), 'a');
    expect(plain.mails).toHaveLength(1);
  });
});

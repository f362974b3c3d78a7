import { describe, expect, it } from 'vitest';
import { createSlackSource } from '../../../src/integrations/slack/alert-source.ts';
import { renderCard } from '../../../src/integrations/slack/card.ts';
import { SlackConfig } from '../../../src/integrations/slack/config.schema.ts';
import { cardHash } from '../../../src/integrations/slack/hashes.ts';
import type { Json } from '../../support/github/wire.ts';
import { clickPayload, signedForm } from '../../support/slack/clicks.ts';
import { HASH, waitingCard } from './support.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const SECRETS = ['the-newer-signing-secret', 'the-older-signing-secret'];

const sourceOf = (secrets: readonly string[] = SECRETS, more: object = {}) =>
  createSlackSource({ config: SlackConfig.parse({ teamId: 'T0ACME0001', appId: 'A0SUTURE01', ...more }), secret: () => secrets });

const request = (signed: { readonly headers: Readonly<Record<string, string>>; readonly body: string }) => ({
  headers: signed.headers,
  body: Buffer.from(signed.body),
  receivedAt: NOW,
});

/** The payload of a click on the card that waits. */
function click(actionId = 'suture.approve', more: object = {}): Json {
  const { text, blocks } = renderCard(waitingCard(), cardHash('key'));
  return clickPayload({
    teamId: 'T0ACME0001',
    appId: 'A0SUTURE01',
    channel: 'C0HEALING1',
    message: { type: 'message', ts: '1795464755.000036', text, blocks },
    actionId,
    user: 'U0MARA0001',
    responseUrl: 'https://hooks.slack.com/actions/T0ACME0001/1/2',
    at: NOW.getTime() - 1_000,
    ...more,
  });
}
const parse = (payload: Json, source = sourceOf()) =>
  source.parse(request(signedForm({ payload: JSON.stringify(payload) }, SECRETS[0] ?? '', NOW.getTime())));

describe('Slack’s signature', () => {
  // The example of "Verifying requests from Slack", docs.slack.dev.
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const documented = {
    body: Buffer.from(body),
    headers: {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    receivedAt: new Date(1_531_420_618_000),
  };

  it('verifies the documented example', () => {
    expect(sourceOf([secret]).verify(documented)).toEqual({ ok: true });
    expect(sourceOf([secret]).parse(documented)).toMatchObject({ kind: 'ignored' });
  });

  it.each([
    ['one byte more', { ...documented, body: Buffer.from(`${body}&`) }],
    ['another time', { ...documented, headers: { ...documented.headers, 'x-slack-request-timestamp': '1531420619' } }],
    ['no signature', { ...documented, headers: { 'x-slack-request-timestamp': '1531420618' } }],
    ['no time', { ...documented, headers: { 'x-slack-signature': documented.headers['x-slack-signature'] } }],
    ['a time that is none', { ...documented, headers: { ...documented.headers, 'x-slack-request-timestamp': '1531420618.0' } }],
    [
      'another version',
      {
        ...documented,
        headers: { ...documented.headers, 'x-slack-signature': documented.headers['x-slack-signature'].replace('v0', 'v1') },
      },
    ],
    ['a time more than five minutes ago', { ...documented, receivedAt: new Date(1_531_420_618_000 + 301_000) }],
    ['a time more than five minutes ahead', { ...documented, receivedAt: new Date(1_531_420_618_000 - 301_000) }],
  ])('refuses %s', (_what, given) => {
    expect(sourceOf([secret]).verify(given)).toMatchObject({ ok: false });
  });

  it('takes either secret during a rotation, and none when none is configured', () => {
    for (const each of SECRETS) expect(sourceOf().verify(request(signedForm({ a: 'b' }, each, NOW.getTime())))).toEqual({ ok: true });
    for (const none of [[], ['']])
      expect(sourceOf(none).verify(request(signedForm({ a: 'b' }, '', NOW.getTime())))).toMatchObject({ ok: false });
  });
});

describe('a click', () => {
  it('becomes a command on the very change that its card shows', () => {
    const parsed = parse(click());
    expect(parsed).toMatchObject({
      kind: 'signals',
      signals: [
        {
          source: 'slack',
          kind: 'commanded',
          repo: { owner: 'acme', name: 'shop' },
          subject: 'pr/1',
          at: '2026-11-23T11:59:59.000Z',
          actor: { id: 'slack:U0MARA0001', trust: 'outsider' },
          facts: {
            command: 'approve',
            changeSet: HASH,
            card: cardHash('key'),
            channel: 'C0HEALING1',
            message: '1795464755.000036',
            user: 'U0MARA0001',
          },
        },
      ],
    });
    expect(JSON.stringify(parsed)).not.toContain('hooks.slack.com');
  });

  it('has the same id however often it is delivered, and another one when it is made again', () => {
    const idOf = (payload: Json) => {
      const parsed = parse(payload);
      return parsed.kind === 'signals' ? parsed.signals[0]?.id : parsed.kind;
    };
    const once = click();
    expect(idOf({ ...once, trigger_id: 'another', response_url: 'https://hooks.slack.com/else' })).toBe(idOf(once));
    expect(
      new Set(
        [once, click('suture.reject'), click('suture.approve', { at: NOW.getTime() }), click('suture.approve', { user: 'U0THEO0001' })].map(
          idOf,
        ),
      ).size,
    ).toBe(4);
    expect(idOf(once)).toMatch(/^slack-[0-9a-f]{40}$/);
  });

  it.each([
    ['suture.explain', 'explain'],
    ['suture.stop', 'stop'],
    ['suture.reject', 'reject'],
  ])('on %s is the command %s', (action, command) => {
    expect(parse(click(action))).toMatchObject({ signals: [{ facts: { command } }] });
  });

  const [approve] = click().actions;
  it.each([
    ['another workspace', { ...click(), team: { id: 'T0EVIL0001' } }],
    ['no workspace', { ...click(), team: null }],
    ['a guest of another workspace', { ...click(), user: { id: 'U0EVIL0001', team_id: 'T0EVIL0001' } }],
    ['another app', { ...click(), api_app_id: 'A0EVIL0001' }],
    ['a button that is not ours', { ...click(), actions: [{ ...approve, action_id: 'approve' }] }],
    ['the link to the Web UI', { ...click(), actions: [{ ...approve, action_id: 'suture.open' }] }],
    ['a button without a value', { ...click(), actions: [{ ...approve, value: undefined }] }],
    ['a value that is no JSON', { ...click(), actions: [{ ...approve, value: '{' }] }],
    ['a value with more than ours', { ...click(), actions: [{ ...approve, value: approve.value.replace('{', '{"x":1,') }] }],
    ['a path in the place of a repository', { ...click(), actions: [{ ...approve, value: approve.value.replace('"shop"', '"../x"') }] }],
    ['an approval of no change', { ...click(), actions: [{ ...approve, value: approve.value.replace(`,"changeSet":"${HASH}"`, '') }] }],
    ['a modal', { type: 'view_submission', view: {} }],
    ['a message without a time', { ...click(), message: {} }],
  ])('of %s does nothing', (_what, payload) => {
    expect(parse(payload)).toMatchObject({ kind: 'ignored' });
  });

  it('counts from nowhere until a workspace is configured', () => {
    expect(parse(click(), sourceOf(SECRETS, { teamId: undefined }))).toMatchObject({ kind: 'ignored', reason: /teamId/ });
  });

  it('of an organisation counts when that is configured', () => {
    const grid = { ...click(), team: null, enterprise: { id: 'E0ACME0001' }, user: { id: 'U0MARA0001', team_id: 'E0ACME0001' } };
    expect(parse(grid, sourceOf(SECRETS, { teamId: 'E0ACME0001' }))).toMatchObject({ kind: 'signals' });
  });

  it.each([
    ['two payloads', 'payload=%7B%7D&payload=%7B%7D'],
    ['broken JSON', 'payload=%7B'],
    ['no UTF-8', 'payload=%7B%22type%22:%22\xff%22%7D'],
    ['a payload without a type', 'payload=%7B%7D'],
    ['a poisoned payload', 'payload=%7B%22__proto__%22:1%7D'],
  ])('with %s is invalid', (_what, body) => {
    expect(sourceOf().parse({ headers: {}, body: Buffer.from(body, 'latin1'), receivedAt: NOW })).toMatchObject({ kind: 'invalid' });
  });
});

describe('Slack’s question whether somebody is there', () => {
  const probe = (body: string) => sourceOf().isProbe?.({ headers: {}, body: Buffer.from(body), receivedAt: NOW });
  it('is told from a click', () => {
    expect(probe('ssl_check=1&token=x')).toBe(true);
    expect(probe('ssl_check=0')).toBe(false);
    expect(probe('payload=%7B%7D')).toBe(false);
  });
});

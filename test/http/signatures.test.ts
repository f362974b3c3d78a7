import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { alert, BEARER, openFront, report, TOKEN } from './support.ts';

const hmac = (algorithm: string, secret: string, body: string) => createHmac(algorithm, secret).update(body).digest('hex');
const signed = (body: string, secret = 'the-newer-secret') => ({ 'x-suture-signature-256': `sha256=${hmac('sha256', secret, body)}` });

// Unused by the source, so that nothing but the signature decides between 401 and 202.
const event = '{"event":  "ping", "delivery": "d1"}';

describe('a delivery of the local forge', () => {
  it('is taken when either secret of a rotation signed its very bytes', async () => {
    const { post } = await openFront();
    for (const secret of ['the-newer-secret', 'the-older-secret'])
      expect((await post('local', event, signed(event, secret))).status).toBe(202);
  });

  const good = signed(event)['x-suture-signature-256'];
  it.each([
    ['no signature', event, {}],
    ['an empty signature', event, { 'x-suture-signature-256': '' }],
    ['a shorter signature', event, { 'x-suture-signature-256': good.slice(0, -1) }],
    ['a longer signature', event, { 'x-suture-signature-256': `${good}0` }],
    ['a signature without its algorithm', event, { 'x-suture-signature-256': good.slice('sha256='.length) }],
    ['another secret', event, signed(event, 'a-secret-of-others')],
    ['an empty secret', event, signed(event, '')],
    ['SHA-1 only', event, { 'x-suture-signature': `sha1=${hmac('sha1', 'the-newer-secret', event)}` }],
    ['SHA-1 under the name of SHA-256', event, { 'x-suture-signature-256': `sha1=${hmac('sha1', 'the-newer-secret', event)}` }],
    ['a body that was written anew', JSON.stringify(JSON.parse(event)), signed(event)],
    ['one byte more', `${event} `, signed(event)],
  ])('is refused with 401 for %s', async (_what, body, headers) => {
    const { post, reported, forwarded } = await openFront();
    const answer = await post('local', body, headers as Record<string, string>);
    expect([answer.status, reported, forwarded]).toEqual([401, [], []]);
  });
});

describe('a delivery of any source', () => {
  it.each([
    ['datadog', '{', TOKEN],
    ['manual', '{', BEARER],
    ['local', '{', signed('{')],
  ])('is verified before it is parsed: %s', async (source, body, headers) => {
    const { post } = await openFront();
    expect((await post(source, body, {})).status).toBe(401);
    expect((await post(source, body, headers)).status).toBe(400);
  });

  it('is not let in by the secret header of another source', async () => {
    const { post } = await openFront();
    expect((await post('manual', report(), TOKEN)).status).toBe(401);
    expect((await post('datadog', alert(), BEARER)).status).toBe(401);
    expect((await post('local', event, TOKEN)).status).toBe(401);
  });

  it('does not hear its own secret or body back, and neither does the log', async () => {
    const { post, logged } = await openFront();
    const answers = [
      await post('datadog', alert({ alert_title: 'body-of-mine' }), TOKEN),
      await post('datadog', 'body-of-mine', TOKEN),
      await post('datadog', 'body-of-mine', { 'x-suture-token': 'a-wrong-secret-of-mine' }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([202, 400, 401]);
    const said = JSON.stringify([answers.map((answer) => [answer.headers, answer.text]), logged]);
    for (const word of ['the-newer-secret', 'body-of-mine', 'a-wrong-secret-of-mine']) expect(said).not.toContain(word);
  });

  it('is logged as refused a few times a second only', async () => {
    const { post, logged } = await openFront();
    for (let index = 0; index < 60; index++) await post('datadog', alert(), {});
    const refusals = logged.filter((line) => line.message === 'delivery refused').length;
    expect(refusals).toBeGreaterThan(0);
    expect(refusals).toBeLessThan(30);
  });
});

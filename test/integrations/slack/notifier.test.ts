import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { HandOver } from '../../../src/domain/hand-over.schema.ts';
import { type SlackStandIn, startSlackStandIn } from '../../support/slack/stand-in.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cardOf, HASH, seen, waitingCard, workerOf } from './support.ts';

let standIn: SlackStandIn;
let channel: string;
let payments: string;
let healing = 0;
let key = '';
let healingId = '';
let stateDir = '';
beforeAll(async () => {
  standIn = await startSlackStandIn();
  channel = standIn.channels['healings'] ?? '';
  payments = standIn.channels['payments'] ?? '';
});
afterAll(() => standIn.close());
beforeEach(() => {
  healing += 1;
  healingId = `heal/acme/shop/pr/${healing}`;
  key = `${healingId}#run`;
  stateDir = temporaryFolder();
});
afterEach(() => {
  standIn.clearFaults();
  if (standIn.violations.length > 0) throw new Error(standIn.violations.join('\n'));
});

const card = (more: Parameters<typeof cardOf>[0] = {}) => cardOf({ healingId, subject: `pr/${healing}`, ...more });
const waiting = () => waitingCard({ healingId, subject: `pr/${healing}` });
/** Messages of a healing in a channel; the stand-in is shared. */
const own = async (of = channel) =>
  (await standIn.messages(of)).filter(
    (message) =>
      seen(message).includes(`pr/${healing}"`) || seen(message).includes(`pr/${healing} `) || seen(message).includes(`line ${healing}`),
  );
const cards = async () =>
  (await standIn.messages(channel)).filter(
    (message) => message.blocks?.[0]?.block_id !== undefined && seen(message).includes(`pr/${healing}`),
  );

describe('the card of a healing', () => {
  it('is posted once and edited from then on', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    await notifier.card(card(), key);
    await notifier.card(waiting(), key);
    await notifier.card(card({ outcome: { kind: 'healed', reason: 'verified', detail: 'errors are back to 0 %' }, state: 'closed' }), key);
    const [only, ...others] = await cards();
    expect(others).toEqual([]);
    expect(seen(only)).toContain('errors are back to 0 %');
    expect(only?.text).toContain('Healed');
    expect(seen(only)).not.toContain('suture.approve');
  });

  it('offers what can be done about it: Approve and Reject only while it waits, nothing once it has ended', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    const actions = async () =>
      ((await cards())[0]?.blocks ?? [])
        .flatMap((block: { elements?: Array<{ action_id?: string }> }) => block.elements ?? [])
        .flatMap((element: { action_id?: string }) => element.action_id ?? []);
    await notifier.card(card(), key);
    expect(await actions()).toEqual(['suture.explain', 'suture.stop']);
    await notifier.card(waiting(), key);
    expect(await actions()).toEqual(['suture.approve', 'suture.reject', 'suture.explain', 'suture.stop']);
    await notifier.card({ ...waiting(), decision: { verdict: 'approve', by: 'slack:U0MARA0001' } }, key);
    expect(await actions()).toEqual(['suture.explain', 'suture.stop']);
    expect(seen((await cards())[0])).toContain('Approved by <@U0MARA0001>');
    await notifier.card(card({ outcome: { kind: 'expired', reason: 'approval-expired', detail: '' } }), key);
    expect(await actions()).toEqual([]);
  });

  it('is found again by a worker that remembers nothing', async () => {
    await workerOf(standIn, stateDir).notifier.card(card(), key);
    await workerOf(standIn, temporaryFolder()).notifier.card(waiting(), key);
    expect(await cards()).toHaveLength(1);
    expect(seen((await cards())[0])).toContain('Who can decide');
  });

  it('is one when several activities and workers show it at once', async () => {
    const workers = [stateDir, stateDir, temporaryFolder(), temporaryFolder()].map((folder) => workerOf(standIn, folder));
    await Promise.all(workers.map(({ notifier }) => notifier.card(card(), key)));
    expect(await cards()).toHaveLength(1);
  });

  it('is posted anew when people deleted it', async () => {
    const { notifier, api } = workerOf(standIn, stateDir);
    await notifier.card(card(), key);
    const [first] = await cards();
    await api.call('chat.delete', { channel, ts: first?.ts }, z.unknown());
    await notifier.card(waiting(), key);
    expect(await cards()).toHaveLength(1);
  });

  it('of another run of the same subject is another card', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    await notifier.card(card(), key);
    await notifier.card(card(), `${key} again`);
    expect(await cards()).toHaveLength(2);
  });

  it('goes to the channel of its repository, and nowhere when there is none', async () => {
    const { notifier } = workerOf(standIn, stateDir, { config: { channel: undefined, channels: { 'acme/shop': payments } } });
    await notifier.card(card(), key);
    await notifier.card(card({ repo: { owner: 'acme', name: 'other' } }), `${key} other`);
    expect(await own()).toEqual([]);
    expect((await own(payments)).length).toBe(1);
  });

  it('shows outside text as it reads: no mention, link, emoji or format of it works', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    const hostile = '<!channel> <https://evil.example|click> *bold* _it_ ~no~ `code` :tada: @here & > quote\n> more';
    await notifier.card(
      {
        ...waiting(),
        title: hostile,
        cause: hostile,
        proof: `> ${hostile}`,
        lines: [hostile],
        change: { title: hostile, strategy: hostile, risk: 'high', hash: HASH, paths: [hostile], additions: 0, deletions: 0 },
        approval: { changeSetHash: HASH, approvers: [hostile], reasons: [hostile] },
        decision: { verdict: 'reject', by: hostile },
        pullRequest: { number: 3, url: 'javascript:alert(1)' },
        webUiUrl: 'https://ui.example/x|y>z',
      },
      key,
    );
    const [message] = await cards();
    const sections = (message?.blocks ?? []).filter((block: { type: string }) => block.type !== 'header');
    const text = seen(sections) + seen(message?.text);
    for (const live of [
      '<!channel>',
      '<https://evil',
      '*bold*',
      ' _it_',
      '~no~',
      '`code`',
      ':tada:',
      '@here',
      '\\n&gt;',
      'javascript:',
      'y>z',
    ])
      expect(text).not.toContain(live);
    expect(text).toContain('&lt;!channel&gt;');
  });

  it('stays within Slack’s limits, however much there is to say', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    const long = '<&>𝒳'.repeat(3_000);
    await notifier.card(
      {
        ...waiting(),
        title: long,
        cause: long,
        class: long,
        proof: long,
        lines: Array.from({ length: 60 }, () => long),
        change: {
          title: long,
          strategy: long,
          risk: 'high',
          hash: HASH,
          paths: Array.from({ length: 10 }, () => long),
          additions: 1e6,
          deletions: 1e6,
        },
        approval: {
          changeSetHash: HASH,
          approvers: Array.from({ length: 50 }, () => long),
          reasons: Array.from({ length: 50 }, () => long),
        },
        pullRequest: { number: 1, url: `https://example.com/${'x'.repeat(3_000)}` },
      },
      key,
    );
    expect(standIn.violations).toEqual([]);
    expect(await cards()).toHaveLength(1);
  });
});

describe('a message about a healing', () => {
  const line = (more = {}) => ({ healingId, kind: 'approval-wanted' as const, text: `line ${healing}`, ...more });

  it('is posted once for its key, in the thread of the card', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    await notifier.card(card(), key);
    for (let run = 0; run < 2; run += 1) await notifier.notify(line(), `${key}/asked`);
    await workerOf(standIn, temporaryFolder()).notifier.notify(line(), `${key}/asked`);
    const [posted] = await cards();
    const thread = (await standIn.messages(channel, posted?.ts)).filter((message) => message.text.includes(`line ${healing}`));
    expect(thread).toHaveLength(1);
  });

  it('goes to the channel itself when there is no card', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    await notifier.notify(line(), `${key}/asked`);
    expect((await own()).map((message) => message.thread_ts)).toEqual([undefined]);
  });

  it('mentions the users and groups that it is for, and goes to the channels that it names', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    await notifier.card(card(), key);
    await notifier.notify(line({ to: [payments, 'U0MARA0001', 'S0ONCALL01', 'mara@example.com'] }), `${key}/next`);
    const [there] = await own(payments);
    expect(there?.text).toContain('<@U0MARA0001> <!subteam^S0ONCALL01> line');
    expect(there?.text).not.toContain('example.com');
    const [posted] = await cards();
    expect(await standIn.messages(channel, posted?.ts)).toHaveLength(1);
  });

  it('hands over branch, hypotheses, diff and commands, each as it reads', async () => {
    const { notifier } = workerOf(standIn, stateDir, { diff: '--- a/x\n+++ b/x\n-```<!channel>\n' });
    await notifier.card(card(), key);
    const message: HandOver = {
      healingId,
      repo: { owner: 'acme', name: 'shop' },
      subject: `pr/${healing}`,
      outcome: { kind: 'escalated', reason: 'attempts-used', detail: 'three attempts failed' },
      title: 'test_login fails',
      hypotheses: [{ text: 'the token lifetime is 0', evidence: ['config.yaml:3'] }],
      tried: [{ strategy: 'revert', result: 'still red' }],
      owner: 'team-auth',
      branch: 'suture/pr-1',
      diff: { sha256: '0'.repeat(64), size: 30, mediaType: 'text/x-diff' },
      commands: ['git fetch origin suture/pr-1', 'git switch suture/pr-1'],
    };
    for (let run = 0; run < 2; run += 1) await notifier.handOver(message, `${key}/hand-over`);
    const [posted] = await cards();
    const [bundle, ...more] = (await standIn.messages(channel, posted?.ts)).filter((each) => each.ts !== posted?.ts);
    expect(more).toEqual([]);
    for (const part of ['team-auth', 'suture/pr-1', 'the token lifetime is 0', 'config.yaml:3', 'still red', 'git switch'])
      expect(seen(bundle)).toContain(part);
    expect(seen(bundle)).toContain('ˋˋˋ&lt;!channel&gt;');
  });
});

describe('what could not be said', () => {
  it('is kept and caught up when Slack is back: the card as it stood last, each message once', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    standIn.fault({ method: '*', kind: 'unavailable', times: 1_000 });
    await expect(notifier.card(card(), key)).rejects.toMatchObject({ code: 'notifier-unavailable' });
    await expect(notifier.card(waiting(), key)).rejects.toMatchObject({ code: 'notifier-unavailable' });
    await expect(notifier.notify({ healingId, kind: 'reminder', text: `line ${healing}` }, `${key}/1`)).rejects.toThrow();
    expect(await notifier.catchUp()).toEqual({ delivered: 0, waiting: 2 });
    standIn.clearFaults();
    // Another process of the same machine may be the one that catches up.
    expect(await workerOf(standIn, stateDir).notifier.catchUp()).toEqual({ delivered: 2, waiting: 0 });
    expect(await notifier.catchUp()).toEqual({ delivered: 0, waiting: 0 });
    const [only, ...others] = await cards();
    expect(others).toEqual([]);
    expect(seen(only)).toContain('Who can decide');
  });

  it('is forgotten once a repeat has said it', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    standIn.fault({ method: 'chat.postMessage', kind: 'server-error' });
    await expect(notifier.card(card(), key)).rejects.toMatchObject({ code: 'notifier-unavailable' });
    await notifier.card(waiting(), key);
    expect(await notifier.catchUp()).toEqual({ delivered: 0, waiting: 0 });
    expect(await cards()).toHaveLength(1);
  });

  it('does not put an older card over the newer one of another worker', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    await notifier.card(card(), key);
    standIn.fault({ method: 'chat.update', kind: 'server-error' });
    await expect(notifier.card(card({ state: 'proving' }), key)).rejects.toThrow();
    await workerOf(standIn, temporaryFolder()).notifier.card(waiting(), key);
    await workerOf(standIn, stateDir, { now: () => Date.now() + 60_000 }).notifier.catchUp();
    expect(seen((await cards())[0])).toContain('Who can decide');
  });

  it('is dropped after a week', async () => {
    standIn.fault({ method: '*', kind: 'unavailable', times: 3 });
    await expect(workerOf(standIn, stateDir).notifier.card(card(), key)).rejects.toThrow();
    standIn.clearFaults();
    const later = workerOf(standIn, stateDir, { now: () => Date.now() + 8 * 24 * 3_600_000 });
    expect(await later.notifier.catchUp()).toEqual({ delivered: 0, waiting: 0 });
    expect(await cards()).toEqual([]);
  });

  it('carries the wait that Slack asks for', async () => {
    const { notifier } = workerOf(standIn, stateDir);
    standIn.fault({ method: 'chat.postMessage', kind: 'rate-limited', seconds: 42 });
    await expect(notifier.card(card(), key)).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 42_000 });
  });
});

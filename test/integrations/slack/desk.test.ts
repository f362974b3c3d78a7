import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApprovalDecision } from '../../../src/domain/decision.schema.ts';
import type { HealingView } from '../../../src/domain/healing-view.ts';
import type { Signal } from '../../../src/domain/signal.schema.ts';
import { createSlackSource } from '../../../src/integrations/slack/alert-source.ts';
import { readAuditTrail } from '../../../src/store/read-audit-trail.ts';
import { openFront } from '../../http/support.ts';
import { activityWorld, SETTINGS } from '../../support/activity-world.ts';
import { type SlackStandIn, startSlackStandIn } from '../../support/slack/stand-in.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cardOf, configOf, HASH, waitingCard, workerOf } from './support.ts';

const GROUP = 'S0APPROVE1';

let standIn: SlackStandIn;
let channel: string;
let pull = 0;
beforeAll(async () => {
  standIn = await startSlackStandIn();
  channel = standIn.channels['healings'] ?? '';
});
afterAll(() => standIn.close());
afterEach(() => {
  standIn.clearFaults();
  if (standIn.violations.length > 0) throw new Error(standIn.violations.join('\n'));
});

/** A healing with its card, the front door that takes clicks on it, and the activities that obey them. */
async function open(
  options: { readonly approvers?: readonly string[]; readonly people?: object; readonly hash?: string; readonly now?: () => number } = {},
) {
  pull += 1;
  const healingId = `heal/acme/shop/pr/${pull}`;
  const about = { healingId, subject: `pr/${pull}` };
  const view: HealingView = {
    healingId,
    repo: { owner: 'acme', name: 'shop' },
    subject: about.subject,
    state: 'awaiting-approval',
    attempt: 1,
    title: 'test_login fails <!channel>',
    cause: 'the token lifetime is 0',
    approval: { changeSetHash: options.hash ?? HASH, approvers: [], paths: ['config.yaml'], reasons: ['protected path'] },
    paused: false,
    signals: 1,
    timeline: [{ at: '2026-11-23T10:00:00.000Z', state: 'proving', text: 'red, then green' }],
  };
  const config = { approvers: options.approvers ?? [standIn.users['mara']], people: options.people ?? {} };
  const worker = workerOf(standIn, temporaryFolder(), { config, ...(options.now === undefined ? {} : { now: options.now }) });
  const decisions: ApprovalDecision[] = [];
  const stopped: string[] = [];
  const applied = { kind: 'applied', receipt: { accepted: true, state: 'publishing' } } as const;
  const world = await activityWorld({
    deps: { desks: new Map([['slack', worker.desk]]) },
    healings: {
      view: async () => view,
      decide: async (_id, decision) => {
        decisions.push(decision);
        return applied;
      },
      stop: async (id) => {
        stopped.push(id);
        return applied;
      },
    },
  });
  const source = createSlackSource({ config: configOf(standIn, config), secret: worker.secret });
  const front = await openFront({ sources: new Map([['slack', source]]), now: () => new Date() });
  await worker.notifier.card(waitingCard(about), healingId);
  const posted = (await standIn.messages(channel)).findLast((message) => JSON.stringify(message).includes(`pr/${pull}`));
  const obey = (signal: Signal) => world.activities.obeyCommand({ signal, settings: SETTINGS });

  return {
    ...about,
    worker,
    decisions,
    stopped,
    world,
    obey,
    ts: String(posted?.ts),
    /** Somebody clicks; what the command's workflow answers. */
    async click(action: string, user: string, ts = String(posted?.ts)) {
      const { body, headers } = await standIn.click({ channel, ts, action: `suture.${action}`, user });
      const answer = await front.post('slack', body, headers);
      const signal = front.commanded.at(-1);
      if (answer.status !== 200 || signal === undefined) throw new Error(`the front door answered ${answer.status}`);
      return { signal, answer: await obey(signal) };
    },
    answers: async () =>
      (await standIn.messages(channel, posted?.ts))
        .filter((message) => message.ts !== posted?.ts)
        .map((message) => JSON.stringify(message)),
    whispers: () => standIn.whispers.filter((whisper) => whisper.thread === posted?.ts),
    async trail() {
      const entries: string[] = [];
      for await (const entry of readAuditTrail(world.auditDir)) entries.push(JSON.stringify(entry));
      return entries.filter((entry) => entry.includes('"command"'));
    },
  };
}
const mara = () => standIn.users['mara'] ?? '';
const olaf = () => standIn.users['olaf'] ?? '';

describe('a click of an approver', () => {
  it('approves the very change that the card shows, in their name, once, and says so in the thread', async () => {
    const healing = await open();
    const { signal, answer } = await healing.click('approve', mara());
    expect(answer).toEqual({ kind: 'obeyed', detail: 'approved' });
    await healing.obey(signal);
    const actor = { id: `slack:${mara()}`, trust: 'maintainer', groups: [] };
    expect(healing.decisions[0]).toEqual({ id: signal.id, verdict: 'approve', changeSetHash: HASH, actor, via: 'slack' });
    expect(new Set(healing.decisions.map(({ id }) => id)).size).toBe(1);
    expect(await healing.answers()).toEqual([expect.stringContaining(`<@${mara()}>: approved`)]);
    expect(await healing.trail()).toEqual([expect.stringContaining(`slack:${mara()}`)]);
  });

  it('counts under the login that is configured for them', async () => {
    const healing = await open({ people: { [mara()]: 'mara-at-the-forge' } });
    await healing.click('reject', mara());
    expect(healing.decisions[0]).toMatchObject({ verdict: 'reject', actor: { id: 'mara-at-the-forge' }, via: 'slack' });
    expect(await healing.trail()).toEqual([
      expect.stringMatching(new RegExp(`mara-at-the-forge.*slack:${mara()}|slack:${mara()}.*mara-at-the-forge`)),
    ]);
  });

  it('on Ask tells in the thread what is known, with nothing of it live', async () => {
    const healing = await open();
    await healing.click('explain', mara());
    const [told = '', ...more] = await healing.answers();
    expect(more).toEqual([]);
    expect(told).toContain('the token lifetime is 0');
    expect(told).toContain('red, then green');
    expect(told).not.toContain('<!channel>');
  });

  it('on Stop stops the healing', async () => {
    const healing = await open();
    await healing.click('stop', mara());
    expect(healing.stopped).toEqual([healing.healingId]);
  });

  it('is refused when the change is another one by now, with the reason', async () => {
    const healing = await open({ hash: 'b'.repeat(64) });
    expect((await healing.click('approve', mara())).answer).toMatchObject({ kind: 'refused', detail: /another one by now/ });
    expect(healing.decisions).toEqual([]);
    expect(await healing.answers()).toEqual([expect.stringContaining('another one by now')]);
    expect(await healing.trail()).toEqual([expect.stringContaining('refused')]);
  });

  it('on the card of an earlier healing of the same subject is refused, with the reason', async () => {
    const healing = await open();
    await healing.worker.notifier.card(cardOf({ healingId: healing.healingId, subject: healing.subject }), 'the next run');
    expect((await healing.click('stop', mara())).answer).toMatchObject({ kind: 'refused', detail: /earlier healing/ });
    expect(healing.stopped).toEqual([]);
  });

  it('holds although Slack is away for the answer, which comes when it is back', async () => {
    const healing = await open();
    standIn.fault({ method: 'chat.postMessage', kind: 'unavailable', times: 100 });
    expect((await healing.click('approve', mara())).answer.kind).toBe('obeyed');
    expect(healing.decisions).toHaveLength(1);
    standIn.clearFaults();
    await healing.worker.notifier.catchUp();
    expect(await healing.answers()).toHaveLength(1);
  });
});

describe('a click of somebody else', () => {
  it('does nothing, is on record, and is answered to them alone, once', async () => {
    const healing = await open();
    const { signal } = await healing.click('approve', olaf());
    for (const action of ['reject', 'stop', 'explain']) expect((await healing.click(action, olaf())).answer.kind).toBe('refused');
    await healing.obey(signal);
    expect([healing.decisions, healing.stopped, await healing.answers()]).toEqual([[], [], []]);
    expect(healing.whispers().map(({ user }) => user)).toEqual([olaf(), olaf(), olaf(), olaf()]);
    expect(await healing.trail()).toHaveLength(4);
  });

  it('does nothing while nobody is configured', async () => {
    const healing = await open({ approvers: [] });
    await healing.click('approve', mara());
    expect(healing.decisions).toEqual([]);
  });
});

describe('a user group', () => {
  it('lets its members decide, who carry its name, and nobody else', async () => {
    standIn.setGroup(GROUP, [mara()]);
    const healing = await open({ approvers: [GROUP] });
    await healing.click('approve', olaf());
    expect(healing.decisions).toEqual([]);
    await healing.click('approve', mara());
    expect(healing.decisions.map(({ actor }) => actor)).toEqual([
      { id: `slack:${mara()}`, trust: 'maintainer', groups: [`slack-group:${GROUP}`] },
    ]);
  });

  it('that somebody left does not let them decide any more, after a short while', async () => {
    standIn.setGroup(GROUP, [mara()]);
    const clock = { now: Date.now() };
    const { worker } = await open({ approvers: [GROUP], now: () => clock.now });
    const trust = async () => (await worker.desk.identify({ owner: 'acme', name: 'shop' }, `slack:${mara()}`)).trust;
    expect(await trust()).toBe('maintainer');
    standIn.setGroup(GROUP, []);
    clock.now += 60_001;
    expect(await trust()).toBe('outsider');
  });

  it('lets nobody in while Slack cannot be asked', async () => {
    standIn.setGroup(GROUP, [mara()]);
    const healing = await open({ approvers: [GROUP] });
    standIn.fault({ method: 'usergroups.users.list', kind: 'unavailable' });
    await expect(healing.click('approve', mara())).rejects.toMatchObject({ type: 'notifier-unavailable' });
    expect(healing.decisions).toEqual([]);
  });

  it('that Slack does not know is a mistake of the configuration', async () => {
    const { worker } = await open({ approvers: ['S0GONE0001'] });
    await expect(worker.desk.identify({ owner: 'acme', name: 'shop' }, mara())).rejects.toMatchObject({ code: 'configuration-invalid' });
  });
});

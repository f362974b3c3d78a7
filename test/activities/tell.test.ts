import { afterEach, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { HealingCard } from '../../src/domain/healing-card.ts';
import type { Notice, Notifier } from '../../src/integrations/contract.ts';
import { SHOP } from '../integrations/local/support.ts';
import { activityWorld, FILES, HEALING, HELD_SECRET, POLICY, SETTINGS, signal } from '../support/activity-world.ts';

const away = () => new Failure('notifier-unavailable', 'it is away');
const hangs: Array<() => void> = [];
afterEach(() => {
  for (const release of hangs.splice(0)) release();
});
/** Never answers, until the test is over. */
const hanging = (): Promise<void> => new Promise((resolve) => hangs.push(() => resolve()));

interface Ear extends Notifier {
  readonly heard: Array<{ readonly what: string; readonly key: string; readonly to: readonly string[]; readonly text: string }>;
}

/** A notifier that listens, and does first what it is told to. */
function ear(first: () => Promise<void> = async () => undefined, extra: Partial<Notifier> = {}): Ear {
  const heard: Ear['heard'] = [];
  const hear = async (what: string, key: string, to: readonly string[] | undefined, message: unknown): Promise<void> => {
    await first();
    heard.push({ what, key, to: to ?? [], text: JSON.stringify(message) });
  };
  return {
    heard,
    handOver: (message, key, to) => hear('hand-over', key, to, message),
    notify: (message: Notice, key) => hear(message.kind, key, message.to, message),
    card: (card, key) => hear('card', key, undefined, card),
    ...extra,
  };
}

const open = (notifiers: Readonly<Record<string, Notifier>>, deps: Partial<ActivityDeps> = {}) =>
  activityWorld({ deps: { notifiers: new Map(Object.entries(notifiers)), notifierMs: 50, ...deps } });

const notice = { key: 'k1', healingId: HEALING, kind: 'approval-wanted', text: 'approval is wanted' } as const;
const card: HealingCard = {
  healingId: HEALING,
  repo: SHOP,
  subject: 'branch/main',
  since: '2026-11-23T10:00:00.000Z',
  state: 'awaiting-approval',
  attempt: 1,
  title: `test fails ${HELD_SECRET}`,
  lines: ['one\ntwo'],
  cause: HELD_SECRET,
  change: { title: HELD_SECRET, strategy: 'revert', risk: 'low', paths: ['a'], additions: 1, deletions: 1 },
  approval: { changeSetHash: 'c'.repeat(64), approvers: [], reasons: [HELD_SECRET] },
};

describe('telling people', () => {
  it('reaches everybody else when one notifier fails, and tells nobody twice when it is repeated', async () => {
    let failures = 1;
    const [good, bad] = [
      ear(),
      ear(async () => {
        if (failures-- > 0) throw away();
      }),
    ];
    const world = await open({ bad, good });
    await expect(world.activities.notify(notice)).rejects.toMatchObject({ type: 'notifier-unavailable' });
    expect(good.heard).toHaveLength(1);
    await world.activities.notify(notice);
    await world.activities.notify(notice);
    expect([good.heard.length, bad.heard.length]).toEqual([1, 1]);
    expect((await world.actions()).filter((action) => action === 'people-told')).toHaveLength(1);
  });

  it('gives up on one that hangs, so that a repeat can come', async () => {
    const good = ear();
    const world = await open({ stuck: ear(hanging), good });
    await expect(world.activities.notify(notice)).rejects.toMatchObject({ type: 'notifier-unavailable' });
    expect(good.heard).toHaveLength(1);
  });

  it('leaves what a notifier keeps by itself to its catching up', async () => {
    const keeper = ear(
      async () => {
        throw away();
      },
      { catchUp: async () => ({ delivered: 0, waiting: 1 }) },
    );
    const world = await open({ keeper });
    await world.activities.notify(notice);
    await world.activities.updateCard({ card, key: 'card-1', revision: 1 });
    expect(keeper.heard).toEqual([]);
  });

  it('goes where the policy says, and by the server where it names nobody who is here', async () => {
    const [slack, local] = [ear(), ear()];
    const world = await open({ slack, local }, { notifyRules: [{ kinds: ['approval-wanted'], notifier: 'local', to: [] }] });
    await world.activities.notify({ ...notice, key: 'a', tell: [{ notifier: 'slack', to: ['S1'] }] });
    await world.activities.notify({ ...notice, key: 'b', tell: [{ notifier: 'pagerduty', to: [] }] });
    await world.activities.notify({ ...notice, key: 'c', kind: 'reminder' });
    expect(slack.heard).toMatchObject([{ key: 'a', to: ['S1'] }]);
    expect(local.heard).toMatchObject([{ key: 'b', to: [] }]);
  });

  it('gives each place of one notifier a key of its own', async () => {
    const slack = ear();
    const rule = { kinds: ['outcome'], notifier: 'slack' } as const;
    const world = await open(
      { slack },
      {
        notifyRules: [
          { ...rule, to: ['C1'] },
          { ...rule, to: ['C2'] },
        ],
      },
    );
    await world.activities.notify({ ...notice, kind: 'outcome', outcome: 'healed' });
    expect(new Set(slack.heard.map(({ key }) => key)).size).toBe(2);
    expect(slack.heard.map(({ to }) => to)).toEqual([['C1'], ['C2']]);
  });
});

describe('a card', () => {
  it('is shown once for each state by every notifier that has cards, redacted', async () => {
    const { card: _none, ...plain } = ear();
    const slack = ear();
    const world = await open({ slack, plain });
    await world.activities.updateCard({ card, key: 'card-1', revision: 1 });
    await world.activities.updateCard({ card, key: 'card-1', revision: 1 });
    await world.activities.updateCard({ card: { ...card, state: 'publishing' }, key: 'card-1', revision: 2 });
    await world.activities.updateCard({ card, key: 'card-1', revision: 3 });
    expect(slack.heard.map(({ what, key }) => `${what} ${key}`)).toEqual(['card card-1', 'card card-1', 'card card-1']);
    expect(JSON.stringify(slack.heard)).not.toContain(HELD_SECRET);
  });
});

describe('the patrol', () => {
  it('lets every notifier catch up, whatever another one does', async () => {
    const caught: string[] = [];
    const keeper = (name: string, fails = false): Ear =>
      ear(undefined, {
        catchUp: async () => {
          caught.push(name);
          if (fails) throw away();
          return { delivered: 1, waiting: 0 };
        },
      });
    const world = await open({ one: keeper('one', true), two: keeper('two'), three: ear() });
    await world.activities.patrol({ settings: SETTINGS });
    expect(caught).toEqual(['one', 'two']);
  });
});

describe('the hand-over bundle', () => {
  it('names the service and who owns it, by the policy of the healing', async () => {
    const slack = ear();
    const world = await activityWorld({
      files: { ...FILES, '.github/suture.yml': `${POLICY.trimEnd()}\n    owner: "@team-shop, pager 4711"\n` },
      deps: { notifiers: new Map([['slack', slack]]) },
    });
    const found = await world.activities.normalize({
      healingId: HEALING,
      repo: SHOP,
      subject: 'monitor/7',
      signals: [signal({ kind: 'alert-triggered', subject: 'monitor/7', service: 'shop' }), signal()],
      settings: SETTINGS,
    });
    if (found.kind !== 'incident') throw new Error(JSON.stringify(found));
    await world.activities.escalate({
      key: 'k',
      healingId: HEALING,
      repo: SHOP,
      subject: 'monitor/7',
      outcome: { kind: 'escalated', reason: 'no-strategy', detail: 'nothing applies' },
      incident: found.incident,
      diagnosis: { class: 'configuration', cause: 'it changed', confidence: 0.8, evidence: ['the log says so'] },
      tried: [],
      refusals: [],
      changeSet: null,
      change: null,
    });
    const bundle = JSON.parse(slack.heard.find(({ what }) => what === 'hand-over')?.text ?? '{}') as Record<string, unknown>;
    expect(bundle).toMatchObject({ service: 'shop', owner: '@team-shop, pager 4711', hypotheses: [{ evidence: ['the log says so'] }] });
    expect(bundle['commands']).toContain(`suture status ${HEALING}`);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isOver } from './github-world.ts';
import { openProductionWorld, type ProductionWorld, type Story } from './production-world.ts';

let world: ProductionWorld;
beforeAll(async () => {
  world = await openProductionWorld();
}, 120_000);
afterEach(() => {
  const objections = [...world.slack.violations, ...world.datadog.objections, ...world.github.violations];
  if (objections.length > 0) throw new Error(objections.join('\n'));
});
afterAll(() => world.close(), 60_000);

const BAD = { 'config.yaml': '' };
/** Pull request of the origin: it drops the scheme of old accounts, and is merged before its checks are done. */
async function dropScheme(story: Story, more: Readonly<Record<string, string>> = {}) {
  const { hands } = story.repository;
  const branch = 'drop-scheme';
  const config = story.goodConfig.replace('scrypt, pbkdf2', 'scrypt');
  const pullHead = await hands.push(branch, { ...BAD, 'config.yaml': config, ...more });
  const number = await hands.openPull(branch, { title: 'Accept scrypt only' });
  const sha = await hands.mergePull(number);
  return { sha, pullHead, branch };
}
const outcome = async (id: string) => (await world.until(id, 'an outcome', isOver)).outcome;
/** The card of a story once it shows something. */
async function shown(story: Story, what: string) {
  for (;;) {
    const [card] = await story.cards();
    if (JSON.stringify(card ?? '').includes(what)) return card;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const config = (story: Story) => story.repository.hands.read('main', 'config.yaml');
/** How all healings of a story ended; the list of the server may not have one yet that is known to be there. */
async function ended(story: Story, known: string) {
  const ends = [{ healingId: known, outcome: await outcome(known) }];
  for (;;) {
    const listed = await world.healings.list({ running: false, limit: 200 });
    const more = listed.find(({ healingId }) => healingId.startsWith(story.idOf('')) && ends.every((each) => each.healingId !== healingId));
    if (more === undefined) return ends;
    ends.push({ healingId: more.healingId, outcome: await outcome(more.healingId) });
  }
}
const titles = (story: Story): readonly string[] =>
  world.datadog.events.filter((event) => JSON.stringify(event).includes(story.repository.fullName)).map((event) => String(event.title));

describe('the scenario of the origin, with GitHub, Slack and Datadog', () => {
  it('check first: pull request, main and alert become one incident, whose fix is proven, merged, deployed and measured', {
    timeout: 150_000,
  }, async () => {
    const story = await world.story();
    expect(await story.errorRate()).toBe(0);
    const { sha, pullHead, branch } = await dropScheme(story);
    await story.check(pullHead, branch);
    await story.check(sha, 'main');
    await story.deploy(sha);
    expect(await story.errorRate()).toBeCloseTo(0.152, 3);
    const alert = await story.alertId(/Error rate/);
    const all = await ended(story, alert);
    const healed = all.filter(({ outcome: end }) => end?.kind === 'healed');
    expect(healed).toMatchObject([{ outcome: { reason: 'verified' } }]);
    expect(all.filter(({ outcome: end }) => end?.kind === 'merged-into').length).toBe(all.length - 1);
    // The pull request was merged when its checks ended, so GitHub tells of its branch.
    expect(all.map(({ healingId }) => healingId).sort()).toEqual([alert, story.idOf(`branch/${branch}`), story.idOf('branch/main')].sort());
    expect(story.pulls()).toHaveLength(1);
    expect(await config(story)).toBe(story.goodConfig);
    expect(await story.errorRate()).toBe(0);
    const cards = await story.cards();
    expect(JSON.stringify(cards)).toContain('Healed');
    expect(titles(story).join('\n')).toMatch(/[Ee]nded|[Hh]ealed/);
  });

  it('alert first: it waits for the check that explains it, and both are one incident', { timeout: 150_000 }, async () => {
    const story = await world.story({ waitMinutes: 1 });
    const { sha } = await dropScheme(story);
    await story.deploy(sha);
    const alert = await story.alertId(/Error rate/);
    await world.until(alert, 'the wait for what explains it', (view) => view.state === 'correlating');
    await story.check(sha, 'main');
    const view = await world.until(alert, 'an outcome', isOver);
    expect(view.outcome).toMatchObject({ kind: 'healed', reason: 'verified' });
    expect(view.joined).toMatchObject([{ healingId: story.idOf('branch/main'), why: expect.stringContaining(story.service) }]);
    expect((await outcome(story.idOf('branch/main')))?.kind).toBe('merged-into');
    expect(story.pulls()).toHaveLength(1);
    expect(await story.errorRate()).toBe(0);
  });

  it('a second alert during the fix joins the incident and makes no second repair', { timeout: 150_000 }, async () => {
    const story = await world.story();
    const { sha } = await dropScheme(story);
    await story.check(sha, 'main');
    const id = story.idOf('branch/main');
    await world.until(id, 'work', (view) => view.state !== 'received');
    story.busy = true;
    await story.deploy(sha);
    const second = await story.alertId(/CPU/);
    expect((await outcome(second))?.kind).toMatch(/merged-into|recovered-alone/);
    expect(await outcome(id)).toMatchObject({ kind: 'healed' });
    expect(story.pulls()).toHaveLength(1);
  });

  it('recovery before the fix ends it, and nothing is written', { timeout: 150_000 }, async () => {
    const story = await world.story({ waitMinutes: 1 });
    const { sha } = await dropScheme(story);
    await story.deploy(sha);
    const alert = await story.alertId(/Error rate/);
    await world.until(alert, 'the wait for what explains it', (view) => view.state === 'correlating');
    await story.deploy(story.repository.head);
    expect(await outcome(alert)).toMatchObject({ kind: 'recovered-alone', reason: 'alert-recovered' });
    expect(story.pulls()).toEqual([]);
  });

  it('a fix that makes it worse is rolled back, undone by a pull request, and not tried again', { timeout: 150_000 }, async () => {
    const story = await world.story();
    // Where it is not tested, the service refuses everybody while the old scheme is accepted.
    const service = ((await story.repository.hands.read('main', 'auth/service.py')) ?? '').replace(
      'def login(self, user, password):',
      'def login(self, user, password):\n        import os\n        if os.environ.get("PRODUCTION") and "pbkdf2" in self.config["password_schemes"]:\n            return None',
    );
    const { sha } = await dropScheme(story, { 'auth/service.py': service });
    await story.deploy(sha);
    await story.check(sha, 'main');
    const id = story.idOf('branch/main');
    const all = await ended(story, id);
    const ends = all.map(({ outcome: end }) => `${end?.kind}: ${end?.reason}: ${end?.detail}`);
    expect(
      ends.filter((end) => end.startsWith('reverted: worse-after-deploy')),
      ends.join('\n'),
    ).toHaveLength(1);
    expect(await story.errorRate()).toBeCloseTo(0.152, 3);
    expect(story.pulls()).toHaveLength(2);
  });

  it('a person who rejects in Slack ends it; the wrong person and the same click again change nothing', { timeout: 150_000 }, async () => {
    const story = await world.story({ policy: 'autonomy: deploy\nprotectedPaths: [config.yaml]\n' });
    const { sha } = await dropScheme(story);
    await story.check(sha, 'main');
    const id = story.idOf('branch/main');
    await world.until(id, 'the question', (view) => view.approval !== undefined);
    const card = await shown(story, 'suture.approve');
    const { olaf = '', mara = '' } = world.slack.users;
    const approves = await world.click(card, 'suture.approve', mara);
    expect(await (await world.click(card, 'suture.approve', olaf))()).toBe(200);
    expect(await (await world.click(card, 'suture.reject', mara))()).toBe(200);
    expect(await outcome(id)).toMatchObject({ kind: 'rejected', reason: 'person-said-no' });
    // The card was still open in somebody's browser.
    expect(await approves()).toBe(200);
    expect(story.pulls()).toEqual([]);
    expect(world.slack.whispers.some(({ user }) => user === olaf)).toBe(true);
    expect(JSON.stringify(await shown(story, 'Rejected'))).not.toContain('suture.approve');
  });

  it('nobody answers: people are reminded, it expires and is handed over with its bundle', { timeout: 150_000 }, async () => {
    const story = await world.story({ policy: 'autonomy: deploy\nprotectedPaths: [config.yaml]\n' });
    const { sha } = await dropScheme(story);
    await story.check(sha, 'main');
    const id = story.idOf('branch/main');
    expect(await outcome(id)).toMatchObject({ kind: 'expired', reason: 'approval-expired' });
    expect(story.pulls()).toEqual([]);
    await world.until(id, 'the end', (view) => view.state === 'closed');
    const [card] = await story.cards();
    const thread = JSON.stringify(await world.slack.messages(world.slack.channels['healings'] ?? '', card.ts));
    expect(thread).toContain('reminder 1 of 1');
    expect(thread).toContain('config.yaml');
  });
});

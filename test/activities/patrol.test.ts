import { describe, expect, it } from 'vitest';
import { openPullRequest, push, reportCheck } from '../../src/integrations/local/admin.ts';
import { SHOP } from '../integrations/local/support.ts';
import { type ActivityWorld, activityWorld, SETTINGS } from '../support/activity-world.ts';

const HOUR_MS = 3_600_000;

/** A world in which everything happened an hour ago. */
async function later(options: Parameters<typeof activityWorld>[0] = {}): Promise<ActivityWorld> {
  const { deps, ...rest } = options;
  return activityWorld({
    ...rest,
    healings: { list: async () => [], ...rest.healings },
    deps: { now: () => new Date(Date.now() + HOUR_MS), ...deps },
  });
}

async function redPull(world: ActivityWorld, branch: string, fromFork = false) {
  const { sha } = await push(world.forgeDir, SHOP, { branch, files: { 'config.yaml': `mode: ${branch}\n` }, message: 'x', actor: 'dev' });
  const pull = await openPullRequest(world.forgeDir, SHOP, { title: 'x', body: '', headBranch: branch, author: 'dev', fromFork });
  await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: 'red\n' });
  return { sha, number: pull.number };
}

const walk = (world: ActivityWorld) => world.activities.patrol({ settings: SETTINGS });

describe('the patrol', () => {
  it('reports a red pull request that nobody reported, once for its head', async () => {
    const world = await later();
    const { number, sha } = await redPull(world, 'work');
    expect((await walk(world)).started).toEqual([`heal/acme/shop/pr/${number}`]);
    expect((await walk(world)).started).toEqual([]);
    expect(world.reported).toMatchObject([{ kind: 'patrol-found', subject: `pr/${number}`, sha, actor: { trust: 'system' } }]);
  });

  it('leaves a fresh failure to its own event, and forks and its own repairs alone', async () => {
    const fresh = await later({ deps: { now: () => new Date() } });
    await redPull(fresh, 'work');
    expect((await walk(fresh)).started).toEqual([]);
    const others = await later();
    await redPull(others, 'elsewhere', true);
    await redPull(others, 'suture/x-1');
    expect((await walk(others)).started).toEqual([]);
  });

  it('begins nothing again that ended for the same head, and begins for a new one', async () => {
    const ended: { headSha?: string } = {};
    const world = await later({
      healings: {
        view: async (healingId) => ({
          healingId,
          repo: SHOP,
          subject: 'pr/1',
          state: 'closed',
          attempt: 1,
          title: 'x',
          paused: false,
          signals: 1,
          timeline: [],
          ...ended,
        }),
      },
    });
    const { sha } = await redPull(world, 'work');
    ended.headSha = sha;
    expect((await walk(world)).started).toEqual([]);
    ended.headSha = '0'.repeat(40);
    expect((await walk(world)).started).toHaveLength(1);
  });

  it('removes branches that a run left without a pull request, and no others', async () => {
    const world = await later();
    const { forge, records } = world.deps;
    const mine = async (branch: string): Promise<void> => {
      const written = await forge.changes.commit(SHOP, {
        branch,
        changeSet: { base: world.green, files: [{ op: 'write', path: 'a.txt', mode: '100644', content: 'YQ==' }] },
        message: 'x',
        key: branch,
      });
      if (written.kind !== 'committed') throw new Error(written.detail);
      await records.putOnce(`commit/acme/shop/${written.sha}`, branch);
    };
    await mine('suture/left-1');
    await mine('suture/open-1');
    await openPullRequest(world.forgeDir, SHOP, { title: 'x', body: '', headBranch: 'suture/open-1', author: 'suture[bot]' });
    await mine('suture/taken-1');
    await push(world.forgeDir, SHOP, { branch: 'suture/taken-1', files: { 'b.txt': 'b\n' }, message: 'mine now', actor: 'dev' });
    await walk(world);
    expect((await forge.changes.ownBranches(SHOP)).map((branch) => branch.name)).toEqual(['suture/open-1', 'suture/taken-1']);
    expect((await world.actions()).filter((action) => action === 'branch-swept')).toHaveLength(1);
    await walk(world);
    expect(await forge.changes.ownBranches(SHOP)).toHaveLength(2);
  });

  it('sweeps nothing while anybody is at work in the repository, however many work elsewhere', async () => {
    const listing = { healingId: 'heal/acme/shop/pr/9', runId: 'r', running: true, startedAt: '', state: 'publishing', outcome: '' };
    const elsewhere = Array.from({ length: 2_000 }, (_, number) => ({ ...listing, healingId: `heal/acme/other/pr/${number}` }));
    const world = await later({
      healings: {
        list: async ({ limit, repo }) =>
          [...elsewhere, listing]
            .filter(({ healingId }) => repo === undefined || healingId.startsWith(`heal/${repo.owner}/${repo.name}/`))
            .slice(0, limit),
      },
    });
    const written = await world.deps.forge.changes.commit(SHOP, {
      branch: 'suture/busy-1',
      changeSet: { base: world.green, files: [{ op: 'write', path: 'a.txt', mode: '100644', content: 'YQ==' }] },
      message: 'x',
      key: 'k',
    });
    if (written.kind === 'committed') await world.deps.records.putOnce(`commit/acme/shop/${written.sha}`, 'k');
    await walk(world);
    expect(await world.deps.forge.changes.ownBranches(SHOP)).toHaveLength(1);
  });

  it('slows the queue of the forge down while little is left of its limit, and frees it afterwards', async () => {
    const world = await later();
    let pace: number | null = 0.6;
    Object.assign(world.deps.forge, { pace: () => pace });
    await walk(world);
    pace = 0;
    await walk(world);
    pace = null;
    await walk(world);
    expect(world.limits).toEqual([expect.closeTo(0.1), 0.05, null]);
  });

  it('asks for lost deliveries again, and goes on when that fails', async () => {
    const world = await later();
    const { number } = await redPull(world, 'work');
    let asked = 0;
    Object.assign(world.deps.forge, {
      deliveries: {
        redeliverFailed: async () => {
          asked += 1;
          throw new Error('away');
        },
      },
    });
    expect((await walk(world)).started).toEqual([`heal/acme/shop/pr/${number}`]);
    expect(asked).toBe(1);
  });

  it('cleans the state folder a step at a time, and goes on where that fails', async () => {
    const swept: string[] = [];
    const world = await later({ deps: { retention: { sweep: async () => (swept.push('step'), Promise.reject(new Error('no right'))) } } });
    const { number } = await redPull(world, 'work');
    expect((await walk(world)).started).toEqual([`heal/acme/shop/pr/${number}`]);
    expect(swept).toEqual(['step']);
  });
});

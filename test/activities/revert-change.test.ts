import { describe, expect, it } from 'vitest';
import { closePullRequest, push, reportCheck } from '../../src/integrations/local/admin.ts';
import { SHOP } from '../integrations/local/support.ts';
import { activityWorld, FILES, HEALING, incidentOf, POLICY, unittestLog } from '../support/activity-world.ts';

/** An incident, and a merged fix on top of it that made things worse. */
async function open() {
  const world = await activityWorld({ files: { ...FILES, '.github/suture.yml': POLICY } });
  const change = (files: Record<string, string>) => push(world.forgeDir, SHOP, { branch: 'main', files, message: 'x', actor: 'dev' });
  const { sha } = await change({ 'config.yaml': 'mode: broken\n' });
  await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
  const incident = await incidentOf(world.activities, { sha, service: 'shop' });
  const fix = await change({ 'config.yaml': 'mode: worse\n' });
  const revert = () =>
    world.activities.publishRevert({
      key: 'k/revert',
      healingId: HEALING,
      repo: SHOP,
      dossier: incident.dossier,
      sha: fix.sha,
      reason: 'errors rose @everyone closes #1',
    });
  return { world, change, revert, fix: fix.sha };
}

describe('taking back a fix that did harm', () => {
  it('opens one pull request with the inverse, however often it runs', async () => {
    const { world, revert } = await open();
    const first = await revert();
    expect(await revert()).toEqual(first);
    if (first.kind !== 'open') throw new Error(JSON.stringify(first));
    const { forge } = world.deps;
    const file = await forge.repositories.readFile(SHOP, first.change.headSha, 'config.yaml');
    expect(file?.toString()).toBe('mode: broken\n');
    const pull = await forge.changes.get(SHOP, first.change.number);
    expect(pull).toMatchObject({ state: 'open', headBranch: first.change.branch });
    expect((await world.actions()).filter((action) => action === 'revert-opened')).toHaveLength(1);
  });

  it('is refused where later commits build on it', async () => {
    const { world, change, revert } = await open();
    await change({ 'config.yaml': 'mode: later\n' });
    expect(await revert()).toMatchObject({ kind: 'refused', reason: 'conflict' });
    expect(await world.actions()).toContain('revert-refused');
  });

  it('stays closed once a person closed it', async () => {
    const { world, revert } = await open();
    const first = await revert();
    if (first.kind !== 'open') throw new Error(JSON.stringify(first));
    await closePullRequest(world.forgeDir, SHOP, first.change.number, { actor: 'mara' });
    expect(await revert()).toMatchObject({ kind: 'refused', reason: 'closed' });
  });
});

import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { ProductionAction } from '../../src/domain/production-action.schema.ts';
import type { ForgeDeployments } from '../../src/integrations/contract.ts';
import { openPullRequest, push, reportCheck, requestDeployment } from '../../src/integrations/local/admin.ts';
import { SHOP } from '../integrations/local/support.ts';
import {
  type ActivityWorld,
  activityWorld,
  FILES,
  HEALING,
  incidentOf,
  POLICY,
  SETTINGS,
  signal,
  unittestLog,
} from '../support/activity-world.ts';

/** A world whose service is deployed the way that these lines of its policy say, with an incident of that service. */
async function open(lines: string) {
  const world = await activityWorld({ files: { ...FILES, '.github/suture.yml': `${POLICY}${lines}` } });
  const { sha } = await push(world.forgeDir, SHOP, {
    branch: 'main',
    files: { 'config.yaml': 'mode: broken\n' },
    message: 'x',
    actor: 'dev',
  });
  await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
  const incident = await incidentOf(world.activities, { sha, service: 'shop' });
  return { world, dossier: incident.dossier };
}

const deploy = (world: ActivityWorld, dossier: Awaited<ReturnType<typeof open>>['dossier']) =>
  world.activities.deploy({ key: 'k', healingId: HEALING, repo: SHOP, dossier, sha: world.green, environment: 'production' });

/** The server's own call that deploys. */
function hooked(world: ActivityWorld, answer: () => Promise<{ status: number }> = async () => ({ status: 200 }), over: object = {}) {
  const calls: unknown[] = [];
  const ship = ProductionAction.parse({
    title: 'deploy the shop',
    kind: 'deploy',
    autonomy: 'alone',
    call: { url: 'https://ops.example.com/deploy/{environment}', body: { commit: '{sha}', service: 'shop' } },
    ...over,
  });
  const run: ActivityWorld['deps']['actions']['run'] = async (call) => {
    calls.push(call);
    return await answer();
  };
  Object.assign(world.deps.actions, { defined: { ship }, run });
  return { calls };
}

describe('a deployment', () => {
  it('that others make is watched for the merged commit', async () => {
    const { world, dossier } = await open('    deploy: watch\n');
    const { id, state } = await deploy(world, dossier);
    expect(state).toBe('queued');
    expect(await world.activities.readDeployment({ repo: SHOP, id })).toMatchObject({
      state: 'queued',
      detail: expect.stringContaining('nobody'),
    });
    expect(await world.deps.forge.deployments.list(SHOP, 'production')).toEqual([]);
    await requestDeployment(world.forgeDir, SHOP, { sha: world.green, environment: 'production', actor: 'mara' });
    expect((await world.activities.readDeployment({ repo: SHOP, id })).detail).not.toContain('nobody');
    expect(await world.actions()).toContain('deployment-watched');
  });

  it('by a workflow names the workflow, the branch and the commit', async () => {
    const { world, dossier } = await open('    deploy: workflow\n    workflow: deploy.yml\n    inputs:\n      commit: $SHA\n');
    const asked: unknown[] = [];
    const dispatch: NonNullable<ForgeDeployments['dispatch']> = async (_repo, input) => {
      asked.push(input);
      return { id: 'run:1:production', sha: input.sha, environment: input.environment, state: 'queued', at: '2026-11-23T00:00:00Z' };
    };
    Object.assign(world.deps.forge.deployments, { dispatch });
    expect(await deploy(world, dossier)).toEqual({ id: 'run:1:production', state: 'queued' });
    expect(asked).toEqual([
      {
        workflow: 'deploy.yml',
        branch: 'main',
        sha: world.green,
        environment: 'production',
        inputs: { commit: '$SHA' },
        wasLive: false,
        remember: expect.any(Function),
      },
    ]);
  });

  it('by a workflow goes back to what was live only where an input names the commit', async () => {
    const { world, dossier } = await open('    deploy: workflow\n    workflow: deploy.yml\n');
    let asked = 0;
    const dispatch: NonNullable<ForgeDeployments['dispatch']> = async () => {
      asked += 1;
      throw new Error('it would deploy the head of the branch again');
    };
    Object.assign(world.deps.forge.deployments, { dispatch });
    const { id } = await world.activities.deploy({
      key: 'k',
      healingId: HEALING,
      repo: SHOP,
      dossier,
      sha: world.green,
      environment: 'production',
      wasLive: true,
    });
    expect(id).toBe(`watch:production:${world.green}`);
    expect(asked).toBe(0);
  });

  it('by a hook calls what the server defines, once, with the commit, and is done when it says so', async () => {
    const { world, dossier } = await open('    deploy: hook\n    hook: ship\n');
    const { calls } = hooked(world);
    const { id, state } = await deploy(world, dossier);
    expect([id, state]).toEqual([`hook:production:${world.green}`, 'success']);
    expect(await world.activities.readDeployment({ repo: SHOP, id })).toMatchObject({ state: 'success' });
    expect(calls).toEqual([
      { method: 'POST', url: `https://ops.example.com/deploy/production`, body: { commit: world.green, service: 'shop' } },
    ]);
    expect(await world.actions()).toContain('deployment-created');
  });

  it('by a hook of which no answer came is not called again, and shows at the forge or not at all', async () => {
    const { world, dossier } = await open('    deploy: hook\n    hook: ship\n');
    const { calls } = hooked(world, async () => {
      throw new Failure('health-unavailable', 'no answer');
    });
    for (let again = 0; again < 2; again += 1) expect((await deploy(world, dossier)).id).toBe(`watch:production:${world.green}`);
    expect(calls).toHaveLength(1);
  });

  it('by a hook is refused where the server defines none for the service, wants a person, or has done it often enough', async () => {
    const { world, dossier } = await open('    deploy: hook\n    hook: ship\n');
    await expect(deploy(world, dossier)).rejects.toMatchObject({
      type: 'policy-invalid',
      message: expect.stringContaining('services[].hook'),
    });
    for (const [over, said] of [
      [{ services: ['other'] }, 'services[].hook'],
      [{ kind: 'http', call: { url: 'https://ops.example.com/x' } }, 'services[].hook'],
      [{ autonomy: 'ask' }, 'autonomy: alone'],
    ] as const) {
      const { calls } = hooked(world, undefined, over);
      await expect(deploy(world, dossier)).rejects.toMatchObject({ message: expect.stringContaining(said) });
      expect(calls).toEqual([]);
    }
    const { calls } = hooked(world, undefined, { perDay: 1 });
    await deploy(world, dossier);
    const other = { key: 'other', healingId: HEALING, repo: SHOP, dossier, sha: world.green, environment: 'production' };
    await expect(world.activities.deploy(other)).rejects.toMatchObject({ message: expect.stringContaining('1 times today') });
    expect(calls).toHaveLength(1);
  });

  it('by a workflow is refused with the way out where there is none', async () => {
    const unnamed = await open('    deploy: workflow\n');
    await expect(deploy(unnamed.world, unnamed.dossier)).rejects.toMatchObject({
      type: 'policy-invalid',
      message: expect.stringContaining('services[].workflow'),
    });
    const without = await open('    deploy: workflow\n    workflow: deploy.yml\n');
    await expect(deploy(without.world, without.dossier)).rejects.toMatchObject({
      type: 'policy-invalid',
      message: expect.stringContaining('watch'),
    });
  });
});

describe('checks that fail at the forge and not in the sandbox', () => {
  const again = async (lines: string, runs = 1) => {
    const { world, dossier } = await open(lines);
    const asked: Array<readonly string[]> = [];
    Object.assign(world.deps.forge.checks, {
      rerun: async (_repo: unknown, _sha: string, checks: readonly string[]) => {
        asked.push(checks);
        return runs;
      },
    });
    const sha = (await world.deps.forge.repositories.resolve(SHOP, 'main')) ?? '';
    const rerun = (key: string) => world.activities.rerunChecks({ key, healingId: HEALING, repo: SHOP, dossier, sha });
    return { world, asked, rerun };
  };

  it('are run again once for a revision, and that is on record', async () => {
    const { world, asked, rerun } = await again('');
    for (const key of ['first', 'first']) expect(await rerun(key)).toEqual({ asked: true });
    expect(await rerun('second')).toEqual({ asked: false });
    expect(asked).toEqual([['unit']]);
    expect((await world.actions()).filter((action) => action === 'checks-rerun')).toHaveLength(1);
  });

  it('are not said to be run again where the forge ran none, nor later when they turned green by themselves', async () => {
    const { world, rerun } = await again('', 0);
    const { actions } = world;
    for (const key of ['first', 'first']) expect(await rerun(key)).toEqual({ asked: false });
    Object.assign(world.deps.forge.checks, { list: async () => [] });
    expect(await rerun('second')).toEqual({ asked: false });
    expect(await actions()).not.toContain('checks-rerun');
  });

  it('are left alone where the policy says so', async () => {
    const { asked, rerun } = await again('rerun: false\n');
    expect(await rerun('first')).toEqual({ asked: false });
    expect(asked).toEqual([]);
  });
});

describe('a pull request with the label that forbids Suture', () => {
  it('is left alone', async () => {
    const { world } = await open('');
    const { sha } = await push(world.forgeDir, SHOP, {
      branch: 'work',
      files: { 'config.yaml': 'mode: bad\n' },
      message: 'x',
      actor: 'dev',
    });
    const pull = await openPullRequest(world.forgeDir, SHOP, {
      title: 'x',
      body: '',
      headBranch: 'work',
      author: 'dev',
      labels: ['no-suture'],
    });
    await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
    const subject = `pr/${pull.number}`;
    const found = await world.activities.normalize({
      healingId: `heal/acme/shop/${subject}`,
      repo: SHOP,
      subject,
      signals: [signal({ sha, subject })],
      settings: SETTINGS,
    });
    expect(found).toMatchObject({ kind: 'no-problem', reason: 'person-said-no-before' });
  });
});

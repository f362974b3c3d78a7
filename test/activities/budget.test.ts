import { describe, expect, it } from 'vitest';
import { writeDossier } from '../../src/activities/dossier.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import { contextOf } from '../strategies/model-patch/support.ts';
import { activityWorld } from '../support/activity-world.ts';
import { NOON, UNLIMITED } from '../support/model/asking.ts';

const healingId = 'heal/acme/shop/branch/main';

async function worldOf(limits: object) {
  const world = await activityWorld({ deps: { budgetLimits: { ...UNLIMITED, ...limits }, now: () => NOON } });
  const dossier = await writeDossier(world.deps, { incident: contextOf().incident, policy: RepositoryPolicy.parse({ version: 1 }) });
  const reserve = (key: string, what: 'attempt' | 'pull-request', raised = 0) =>
    world.activities.reserveBudget({ key: `${healingId}/${key}`, healingId, dossier, what, raised });
  return { world, reserve };
}

describe('the budget of attempts and pull requests', () => {
  it('counts an attempt, and the minutes that it really ran', async () => {
    const { world, reserve } = await worldOf({});
    expect(await reserve('run-1/1/budget', 'attempt')).toEqual({ kind: 'reserved' });
    expect(await world.deps.budget.used('day/2026-11-23')).toEqual({ attempts: 1, minutes: 2 });
    await world.activities.settleBudget({ key: `${healingId}/run-1/1/budget`, minutes: 0.5 });
    expect(await world.deps.budget.used(`incident/${healingId}/run-1`)).toEqual({ attempts: 1, minutes: 0.5 });
  });

  it('asks before an attempt that is one too many, and lets it through when it was raised', async () => {
    const { reserve } = await worldOf({ perIncident: { attempts: 1 } });
    await reserve('run-1/1/budget', 'attempt');
    expect(await reserve('run-1/2/budget', 'attempt')).toMatchObject({
      kind: 'over-budget',
      detail: expect.stringMatching(/^The budget of this incident is used up: 1 of 1 attempts are used or set aside/),
    });
    expect(await reserve('run-1/2/budget', 'attempt', 1)).toEqual({ kind: 'reserved' });
  });

  it('counts pull requests of a repository over its incidents', async () => {
    const { reserve } = await worldOf({ perRepositoryDay: { pullRequests: 2 } });
    expect((await reserve('run-1/pull-request', 'pull-request')).kind).toBe('reserved');
    expect((await reserve('run-1/pull-request', 'pull-request')).kind).toBe('reserved');
    expect((await reserve('run-2/pull-request', 'pull-request')).kind).toBe('reserved');
    expect(await reserve('run-3/pull-request', 'pull-request')).toMatchObject({
      kind: 'over-budget',
      detail: expect.stringContaining('of this repository for today is used up: 2 of 2 pull requests'),
    });
  });
});

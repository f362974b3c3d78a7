import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { Milestone } from '../../src/domain/milestone.ts';
import type { Telemetry } from '../../src/integrations/contract.ts';
import { SHOP } from '../integrations/local/support.ts';
import { activityWorld, HEALING, HELD_SECRET } from '../support/activity-world.ts';

const milestone: Milestone = {
  kind: 'deployed',
  healingId: HEALING,
  repo: SHOP,
  subject: 'branch/main',
  at: '2026-11-23T10:00:00Z',
  title: `x ${HELD_SECRET}`,
  text: 'live',
};

async function shown(places: readonly Telemetry[]) {
  const world = await activityWorld();
  Object.assign(world.deps, { telemetry: places });
  return world.activities;
}

describe('showing progress', () => {
  it('reaches every place with a key for each step, redacted, and one that is away stops nothing', async () => {
    const seen: Array<readonly [string, string]> = [];
    const place: Telemetry = {
      milestone: async ({ title }, key) => void seen.push([key, title]),
      submit: async (points, key) => void seen.push([key, String(points.length)]),
    };
    const away: Telemetry = { milestone: () => Promise.reject(new Failure('notifier-unavailable', 'away')), submit: async () => undefined };
    const activities = await shown([away, place]);
    const point = { name: 'n', kind: 'count', value: 1, at: '2026-11-23T10:00:00Z', tags: {} } as const;
    await activities.showProgress({ key: 'k', milestones: [milestone, milestone], points: [point] });
    expect(seen.map(([key]) => key)).toEqual(['k/event/0', 'k/event/1', 'k/points']);
    expect(JSON.stringify(seen)).not.toContain(HELD_SECRET);
  });

  it('keeps monitors quiet where that can be done', async () => {
    const asked: unknown[] = [];
    const none: Telemetry = { milestone: async () => undefined, submit: async () => undefined };
    const activities = await shown([none, { ...none, quiet: async (input, key) => void asked.push([input, key]) }]);
    await activities.quietMonitors({ key: 'k', service: 'auth', environment: 'production', minutes: 5 });
    expect(asked).toEqual([[{ service: 'auth', environment: 'production', minutes: 5 }, 'k']]);
  });
});

import { Failure } from '../domain/failure.ts';
import type { Telemetry } from '../integrations/contract.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { bounded } from './tell.ts';

/** How long one place may take for one step, in milliseconds. */
const PLACE_MS = 15_000;

/** Healings and Suture itself, shown where production is watched. What a place cannot take now it keeps for later. */
export function telemetryActivities(deps: ActivityDeps): Pick<Activities, 'showProgress' | 'quietMonitors'> {
  async function everywhere(what: string, show: (place: Telemetry) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(deps.telemetry.map((place) => bounded(PLACE_MS, what, () => show(place))));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      const error: unknown = result.reason;
      if (!(error instanceof Failure) || error.code === 'bug') throw error;
      deps.log.warn({ code: error.code, reason: deps.redact(error.message) }, `${what} was not taken now`);
    }
  }

  return {
    async showProgress({ key, milestones, points }) {
      for (const [index, milestone] of milestones.entries()) {
        const clean = { ...milestone, title: deps.redact(milestone.title), text: deps.redact(milestone.text) };
        await everywhere('an event', (place) => place.milestone(clean, `${key}/event/${index}`));
      }
      if (points.length > 0) await everywhere('numbers', (place) => place.submit(points, `${key}/points`));
    },
    async quietMonitors({ key, service, environment, minutes }) {
      await everywhere('silence', async (place) => place.quiet?.({ service, environment, minutes }, key));
    },
  };
}

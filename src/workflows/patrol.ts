import type { HealingSettings } from '../domain/settings.ts';
import { act, loseWorkersAfter } from './activity-options.ts';

/** One round over the served repositories; started by a Schedule, which skips a round while one is under way. */
export async function PatrolWorkflow(settings: HealingSettings): Promise<{ readonly started: readonly string[]; readonly swept: number }> {
  loseWorkersAfter(settings.timings.workerLostMs);
  return await act('patrol', 'walk the served repositories', { settings });
}

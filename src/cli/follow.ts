import { setTimeout as delay } from 'node:timers/promises';
import type { HealingView } from '../domain/healing-view.ts';
import type { Healings } from '../temporal/contract.ts';

/** States in which a healing has its outcome. */
const ENDED = ['cooling', 'watching', 'closed'];

/** Follow one healing by query and hand on every new timeline line; resolves with its last view when it has an outcome. Throws after `timeoutMs`. */
export async function followHealing(
  healings: Healings,
  healingId: string,
  options: {
    readonly timeoutMs: number;
    readonly onLine: (line: HealingView['timeline'][number], view: HealingView) => void;
    readonly onView?: (view: HealingView) => Promise<void>;
  },
): Promise<HealingView> {
  const deadline = Date.now() + options.timeoutMs;
  let lastAt = '';
  let seenAtLast = 0;
  for (;;) {
    const view = await healings.view(healingId).catch(() => null);
    if (view !== null) {
      for (const line of view.timeline) {
        if (line.at < lastAt) continue;
        if (line.at === lastAt) {
          const same = view.timeline.filter((other) => other.at === lastAt);
          if (same.indexOf(line) < seenAtLast) continue;
          seenAtLast++;
        } else {
          lastAt = line.at;
          seenAtLast = 1;
        }
        options.onLine(line, view);
      }
      await options.onView?.(view);
      if (view.outcome !== undefined && ENDED.includes(view.state)) return view;
    }
    if (Date.now() > deadline)
      throw new Error(`${healingId} has no outcome after ${options.timeoutMs / 1000} s; it stands at ${view?.state ?? 'unknown'}`);
    await delay(200);
  }
}

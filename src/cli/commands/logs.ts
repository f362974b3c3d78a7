import { setTimeout as delay } from 'node:timers/promises';
import type { HealingView } from '../../domain/healing-view.ts';
import type { RunningWork } from '../../temporal/contract.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { type Output, plain } from '../output.ts';

/** Pause between two looks, in milliseconds; heartbeats come every few seconds. */
const LOOK_MS = 1_000;

/** What of a running job is new since the last look: its lines after the bytes of it that were seen, cut where more came than its tail holds. */
export function newLines(work: RunningWork, seen: ReadonlyMap<string, number>): readonly string[] {
  const fresh = work.bytes - (seen.get(work.job) ?? 0);
  if (fresh <= 0) return [];
  const text = work.tail.slice(-fresh);
  return [
    ...(fresh > work.tail.length ? [`… ${fresh - work.tail.length} bytes are not shown`] : []),
    ...text.replace(/\n$/, '').split('\n'),
  ];
}

/** `suture logs <healing>`: what it did so far and what its running command prints; with `follow`, as it comes until it ends. */
export async function logs(healing: string, options: { readonly follow: boolean }, out: Output): Promise<number> {
  return withHealings(process.env, async (healings) => {
    let told = '';
    // Several commands of one healing may run at once.
    let seen = new Map<string, number>();
    for (;;) {
      const view: HealingView | null = await healings.view(healing);
      if (view === null) {
        out.bad(`no healing is named ${healing}`);
        return EXIT_CODES.notFound.code;
      }
      const work = (await healings.running(healing)) ?? [];
      const lines = view.timeline.map(({ at, text }) => `${at} ${text}`);
      // Its oldest lines go when there are many, so what was told last is looked for, not counted.
      for (const line of lines.slice(lines.lastIndexOf(told) + 1)) out.step(plain(line));
      told = lines.at(-1) ?? told;
      for (const one of work.filter(({ job }) => job !== '')) {
        if (!seen.has(one.job)) out.step(`${one.job} (${one.activity}, try ${one.attempt}): ${plain(one.last)}`);
        for (const line of newLines(one, seen)) out.detail(plain(line));
      }
      seen = new Map(work.map(({ job, bytes }) => [job, bytes]));
      if (!options.follow || view.outcome !== undefined) {
        const how = view.outcome === undefined ? view.state : `${view.outcome.kind} (${view.outcome.reason})`;
        out.result(`${healing}: ${how}`, { timeline: view.timeline, running: work });
        return EXIT_CODES.ok.code;
      }
      await delay(LOOK_MS);
    }
  });
}

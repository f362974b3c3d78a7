import type { ProbeResult } from '../../src/domain/plan.schema.ts';
import { type Line, type Search, search } from '../../src/strategies/revert/search.ts';

/** Ids of revisions by their place: 0 is the newest. */
export const sha = (index: number): string => index.toString(16).padStart(40, '0');

/** How often a run lies: a good revision red, a bad one green. */
export interface Noise {
  readonly falseRed: number;
  readonly falseGreen: number;
}

/** Numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A run of the failing command at a revision, where the culprit stands at `culprit`. */
export function runAt(index: number, culprit: number, noise: Noise, random: () => number): 'red' | 'green' {
  return index <= culprit ? (random() < noise.falseGreen ? 'green' : 'red') : random() < noise.falseRed ? 'red' : 'green';
}

/** Answers every probe until the search ends; `named` counts the runs until one commit was left. */
export function searched(
  count: number,
  run: (index: number, probes: readonly ProbeResult[]) => ProbeResult['colour'],
  more: Partial<Line> = {},
): { readonly end: Exclude<Search, { kind: 'probe' }>; readonly probes: readonly ProbeResult[]; readonly named: number } {
  const commits = Array.from({ length: count }, (_, index) => sha(index));
  const probes: ProbeResult[] = [];
  let named: number | null = null;
  for (;;) {
    const step = search({ commits, green: sha(count), ...more }, probes);
    if (step.kind !== 'probe') return { end: step, probes, named: named ?? probes.length };
    if (step.verifies) named ??= probes.length;
    if (probes.length > 400) throw new Error('the search does not end');
    if (probes.some((probe) => probe.sha === step.sha && probe.round === step.round)) throw new Error('the same question is asked twice');
    probes.push({ sha: step.sha, round: step.round, colour: run(Number.parseInt(step.sha, 16), probes) });
  }
}

/** Textbook bisection, one run for each revision: what it names. */
export function plainBisection(count: number, run: (index: number) => 'red' | 'green'): number {
  let red = 0;
  let green = count;
  while (green - red > 1) {
    const middle = Math.floor((red + green) / 2);
    if (run(middle) === 'red') red = middle;
    else green = middle;
  }
  return red;
}

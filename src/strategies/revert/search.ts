import type { ProbeResult } from '../../domain/plan.schema.ts';
import { Posterior } from './posterior.ts';

/** Sightings of the culprit red and of its parent green: the one that named it, and two that verify it. */
const TIMES = 3;
/** A culprit is named at this certainty, not below. */
const CERTAIN = 0.97;
/** Runs after which the search gives up. */
const LIMIT = 250;
/** Unclear answers of one revision before it is left out. */
const UNCLEAR = 2;

/** What the search needs next, or what it found. Index 0 is the newest commit; the revision after the last one is the known green. */
export type Search =
  /** `verifies`: one commit is left, and it is looked at again. */
  | { readonly kind: 'probe'; readonly sha: string; readonly round: number; readonly verifies: boolean }
  | { readonly kind: 'found'; readonly index: number; readonly certainty: number; readonly runs: number; readonly contradictions: number }
  | { readonly kind: 'unverified'; readonly why: string };

/** What is searched. */
export interface Line {
  /** Newest first. */
  readonly commits: readonly string[];
  /** The revision that is known to be green. */
  readonly green: string;
  /** How likely each commit is before anything was seen; absent: all the same. */
  readonly weights?: readonly number[];
  /** Runs of the head that were red, and green, before the search: that it is red is how anybody knows. */
  readonly head?: { readonly red: number; readonly green: number };
  /** Runs after which the search gives up. */
  readonly limit?: number;
}

interface Seen {
  readonly red: number[];
  readonly green: number[];
  readonly unclear: number[];
  /** Next free round of each revision. */
  readonly rounds: number[];
}

function seenOf(revisions: readonly string[], probes: readonly ProbeResult[], head: NonNullable<Line['head']>): Seen {
  const last = revisions.length - 1;
  const at = new Map(revisions.map((sha, index) => [sha, index]));
  const zeros = () => revisions.map(() => 0);
  const seen: Seen = { red: zeros(), green: zeros(), unclear: zeros(), rounds: zeros() };
  seen.red[0] = head.red;
  seen.green[0] = head.green;
  // That it is green is known from its first run; who looked for it in the sandbox asked in round 0.
  if (!probes.some(({ sha, round }) => sha === revisions[last] && round === 0)) {
    seen.green[last] = 1;
    seen.rounds[last] = 1;
  }
  for (const { sha, round, colour } of probes) {
    const index = at.get(sha);
    if (index === undefined) continue;
    seen[colour][index] = (seen[colour][index] ?? 0) + 1;
    seen.rounds[index] = Math.max(seen.rounds[index] ?? 0, round + 1);
  }
  return seen;
}

/** Which revision halves best what remains while no run contradicted another: as sure as plain bisection, and by the likelier half where there is room. */
function halve(seen: Seen, doubts: readonly number[], newest: number, oldest: number): number | null {
  const rest = oldest - newest;
  const half = 2 ** (Math.ceil(Math.log2(rest)) - 1);
  const usable = Array.from({ length: rest - 1 }, (_, offset) => newest + 1 + offset).filter(
    (index) => (seen.unclear[index] ?? 0) < UNCLEAR,
  );
  const balanced = usable.filter((index) => index - newest <= half && oldest - index <= half);
  const middle = (newest + oldest) / 2;
  return (
    (balanced.length > 0 ? balanced : usable).sort(
      (a, b) => (balanced.length > 0 ? (doubts[a] ?? 0) - (doubts[b] ?? 0) : 0) || Math.abs(a - middle) - Math.abs(b - middle) || a - b,
    )[0] ?? null
  );
}

/**
 * Finds the commit since which the command is red, though its runs may lie. While no answer contradicts another it halves like plain
 * bisection; then it asks where an answer is worth most, the same revision again if need be, until one commit is certain. Whatever it
 * names was seen red and its parent green, each twice after that told which one it is.
 */
export function search(line: Line, probes: readonly ProbeResult[]): Search {
  const { commits, green, weights = commits.map(() => 1), head = { red: 1, green: 0 }, limit = LIMIT } = line;
  const revisions = [...commits, green];
  const seen = seenOf(revisions, probes, head);
  const times = (index: number, colour: 'red' | 'green') => seen[colour][index] ?? 0;
  const short = (index: number) => (revisions[index] ?? '').slice(0, 8);
  const posterior = new Posterior(seen, weights);
  const ask = (index: number, verifies = false): Search =>
    probes.length >= limit
      ? { kind: 'unverified', why: `no commit is certain after ${probes.length} runs: the check is too flaky` }
      : { kind: 'probe', sha: revisions[index] ?? green, round: seen.rounds[index] ?? 0, verifies };
  // Invariant of a search without contradictions: `newest` is the oldest red revision, `oldest` the newest green one.
  const newest = seen.red.findLastIndex((count) => count > 0);
  const oldest = seen.green.findIndex((count) => count > 0);
  const contradictions = revisions.filter((_, index) => times(index, 'red') > 0 && times(index, 'green') > 0).length;
  const clear = newest >= 0 && oldest > newest;
  if (clear && oldest - newest > 1) {
    const next = halve(seen, posterior.doubts(), newest, oldest);
    return next === null
      ? { kind: 'unverified', why: `${oldest - newest} commits remain and none of those between gives a clear answer` }
      : ask(next);
  }
  const { best } = posterior;
  const h = clear ? newest + 1 : best.h;
  const chance = posterior.chances[h] ?? 0;
  const culprit = h - 1;
  if (chance >= CERTAIN || clear) {
    if (h === 0) return { kind: 'unverified', why: `${short(0)} is not reliably red: the check is flaky` };
    if (h > commits.length)
      return { kind: 'unverified', why: `${short(commits.length)}, known as green, is red as well: no commit since then did it` };
    for (const [index, wanted, other] of [
      [culprit, 'red', 'green'],
      [culprit + 1, 'green', 'red'],
    ] as const) {
      if (times(index, wanted) >= TIMES && times(index, wanted) > times(index, other)) continue;
      return (seen.unclear[index] ?? 0) < UNCLEAR
        ? ask(index, true)
        : { kind: 'unverified', why: `${short(index)} gives no clear answer: its run did not end in time, or could not begin` };
    }
    // Without a contradiction the verification is what there is to know.
    if (clear || chance >= CERTAIN) return { kind: 'found', index: culprit, certainty: chance, runs: probes.length, contradictions };
  }
  const doubts = posterior.doubts();
  const next = revisions
    .map((_, index) => index)
    .filter((index) => (seen.unclear[index] ?? 0) < UNCLEAR)
    .sort((a, b) => (doubts[a] ?? 0) - (doubts[b] ?? 0) || a - b)[0];
  return next === undefined ? { kind: 'unverified', why: 'no revision gives a clear answer' } : ask(next);
}

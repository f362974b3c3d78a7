import type { ProbeResult } from '../../domain/plan.schema.ts';

/** Verifications of the culprit: red there and green at its parent, each this often. */
const TIMES = 2;

/** What the search needs next, or what it found. Index 0 is the newest commit; the revision after the last one is the known green. */
export type Search =
  | { readonly kind: 'probe'; readonly sha: string; readonly round: number }
  | { readonly kind: 'found'; readonly index: number }
  | { readonly kind: 'unverified'; readonly why: string };

/** Noisy-safe binary search over a line of commits, newest first, then verification of culprit and parent, twice each. */
export function bisect(commits: readonly string[], green: string, probes: readonly ProbeResult[]): Search {
  const answers = (sha: string) => probes.filter((probe) => probe.sha === sha);
  const colour = (sha: string) => answers(sha).find((probe) => probe.colour !== 'unclear')?.colour ?? null;
  const contradictory = commits
    .concat(green)
    .find((sha) => answers(sha).some((probe) => probe.colour === 'red') && answers(sha).some((probe) => probe.colour === 'green'));
  if (contradictory !== undefined) return { kind: 'unverified', why: `red and green on ${contradictory.slice(0, 8)}: the check is flaky` };
  // Invariant: `red` is the index of a red revision (the head, reproduced before), `clean` of a green one.
  let red = 0;
  let clean = commits.length;
  while (clean - red > 1) {
    // The middle first, then its neighbours where the middle gave no clear answer.
    const middle = Math.floor((red + clean) / 2);
    const between = Array.from({ length: clean - red - 1 }, (_, offset) => red + 1 + offset).sort(
      (a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b,
    );
    const usable = between.find((index) => answers(commits[index] ?? '').length === 0 || colour(commits[index] ?? '') !== null);
    if (usable === undefined)
      return { kind: 'unverified', why: `${clean - red} commits remain and none of those between gives a clear answer` };
    const sha = commits[usable] ?? '';
    const known = colour(sha);
    if (known === null) return { kind: 'probe', sha, round: 0 };
    if (known === 'red') red = usable;
    else clean = usable;
  }
  const culprit = commits[red] ?? '';
  const parent = clean < commits.length ? (commits[clean] ?? '') : green;
  for (const [sha, wanted] of [
    [culprit, 'red'],
    [parent, 'green'],
  ] as const) {
    const seen = answers(sha);
    if (seen.some((probe) => probe.colour === 'unclear'))
      return { kind: 'unverified', why: `${sha.slice(0, 8)} gives no clear answer: its run did not end in time, or could not begin` };
    if (seen.some((probe) => probe.colour !== wanted)) return { kind: 'unverified', why: `${sha.slice(0, 8)} is not reliably ${wanted}` };
    if (seen.length < TIMES) return { kind: 'probe', sha, round: seen.length };
  }
  return { kind: 'found', index: red };
}

/** How often a revision was seen red and green; the index is its place on the line, newest first, the known green one last. */
export interface Sightings {
  readonly red: readonly number[];
  readonly green: readonly number[];
}

/** Nothing is impossible. */
const NEVER = 0.001;
/** How often runs may lie: a good revision red, a bad one green; and how likely that is before anything was seen. Most checks never do. */
const NOISE: ReadonlyArray<{ readonly falseRed: number; readonly falseGreen: number; readonly prior: number }> = [
  { falseRed: NEVER, falseGreen: NEVER, prior: 0.7 },
  ...[0.05, 0.1, 0.2, 0.3, 0.4].flatMap((rate) => [
    { falseRed: rate, falseGreen: NEVER, prior: 0.02 },
    { falseRed: NEVER, falseGreen: rate, prior: 0.02 },
    { falseRed: rate, falseGreen: rate, prior: 0.02 },
  ]),
];

/**
 * How likely it is that runs are red by luck, at every revision alike, before anything was seen, and how often then: as likely as a culprit whose runs lie.
 * With less than that, a search that goes on until it is certain names somebody in a third of such histories. Nearly always red is no luck: then the
 * revision that is known to be green is bad as well, and that is said.
 */
const LUCK = 0.3;
const LUCKY: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];

/** Chance that no commit of the line did it: the head is not really red, or the last revision is not really green. */
const NEITHER = 0.01;

const xlogx = (value: number): number => (value <= 0 ? 0 : value * Math.log(value));

/** Running totals: element `n` is the sum of the first `n`. */
function totals(values: readonly number[]): readonly number[] {
  const sums = [0];
  for (const value of values) sums.push((sums.at(-1) ?? 0) + value);
  return sums;
}

/**
 * What is known of the culprit. Hypothesis `h` says that the newest `h` revisions are bad: so its culprit stands at `h - 1`, 0 says that
 * none is, and one more than there are commits says that the known green one is bad, too. Runs lie at rates that are not known:
 * every pair of rates is weighed by how well it explains what was seen.
 */
export class Posterior {
  /** Chance of each hypothesis. */
  readonly chances: readonly number[];
  /** Chance of each hypothesis together with a red run of a bad, and of a good revision. */
  readonly #redIfBad: readonly number[];
  readonly #redIfGood: readonly number[];

  /** `weights` says how likely each commit is before anything was seen. */
  constructor({ red, green }: Sightings, weights: readonly number[]) {
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const priors = [NEITHER, ...weights.map((weight) => ((1 - 2 * NEITHER) * weight) / all), NEITHER].map(Math.log);
    const [reds, greens] = [totals(red), totals(green)];
    const [allRed, allGreen] = [reds.at(-1) ?? 0, greens.at(-1) ?? 0];
    const joint = NOISE.map(({ falseRed, falseGreen, prior }) => {
      const [badRed, badGreen, goodRed, goodGreen] = [1 - falseGreen, falseGreen, falseRed, 1 - falseRed].map(Math.log) as [
        number,
        number,
        number,
        number,
      ];
      const rest = Math.log(prior) + allRed * goodRed + allGreen * goodGreen;
      return priors.map((chance, h) => chance + rest + (reds[h] ?? 0) * (badRed - goodRed) + (greens[h] ?? 0) * (badGreen - goodGreen));
    });
    const luck = LUCKY.map((rate) => Math.log(LUCK / LUCKY.length) + allRed * Math.log(rate) + allGreen * Math.log(1 - rate));
    const most = [...joint, luck].reduce((top, logs) => Math.max(top, ...logs), Number.NEGATIVE_INFINITY);
    const chances = priors.map(() => 0);
    const redIfBad = priors.map(() => 0);
    const redIfGood = priors.map(() => 0);
    for (const [at, { falseRed, falseGreen }] of NOISE.entries())
      for (const [h, log] of (joint[at] ?? []).entries()) {
        const chance = Math.exp(log - most);
        chances[h] = (chances[h] ?? 0) + chance;
        redIfBad[h] = (redIfBad[h] ?? 0) + chance * (1 - falseGreen);
        redIfGood[h] = (redIfGood[h] ?? 0) + chance * falseRed;
      }
    // By luck is a way in which none is bad.
    for (const [at, rate] of LUCKY.entries()) {
      const chance = Math.exp((luck[at] ?? 0) - most);
      chances[0] = (chances[0] ?? 0) + chance;
      redIfGood[0] = (redIfGood[0] ?? 0) + chance * rate;
    }
    const sum = chances.reduce((total, chance) => total + chance, 0);
    this.chances = chances.map((chance) => chance / sum);
    this.#redIfBad = redIfBad.map((chance) => chance / sum);
    this.#redIfGood = redIfGood.map((chance) => chance / sum);
  }

  /** The hypothesis that explains best what was seen. */
  get best(): { readonly h: number; readonly chance: number } {
    const chance = Math.max(...this.chances);
    return { h: this.chances.indexOf(chance), chance };
  }

  /** How much doubt a run of each revision would leave, in nats: the one with the least is worth most. */
  doubts(): readonly number[] {
    const parts = (bad: readonly number[], good: readonly number[]) => ({
      bad: totals(bad),
      badLogs: totals(bad.map(xlogx)),
      good: totals(good),
      goodLogs: totals(good.map(xlogx)),
    });
    const outcomes = [
      parts(this.#redIfBad, this.#redIfGood),
      parts(
        this.chances.map((chance, h) => chance - (this.#redIfBad[h] ?? 0)),
        this.chances.map((chance, h) => chance - (this.#redIfGood[h] ?? 0)),
      ),
    ];
    // Revision `i` is bad for hypotheses above `i`.
    return Array.from({ length: this.chances.length - 1 }, (_, i) =>
      outcomes.reduce((doubt, { bad, badLogs, good, goodLogs }) => {
        const mass = (bad.at(-1) ?? 0) - (bad[i + 1] ?? 0) + (good[i + 1] ?? 0);
        return doubt + xlogx(mass) - ((badLogs.at(-1) ?? 0) - (badLogs[i + 1] ?? 0) + (goodLogs[i + 1] ?? 0));
      }, 0),
    );
  }
}

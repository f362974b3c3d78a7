import { seeded } from '../strategies/noisy.ts';

/** Choices that are the same for the same seed. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  /** Whether something of this chance happens. */
  chance(share: number): boolean;
  shuffled<T>(from: readonly T[]): readonly T[];
}

/** Choices from a seed and a name, so that neighbours in seed do not look alike. */
export function randomOf(seed: number, name: string): Random {
  let mixed = seed * 2_654_435_761;
  for (const letter of name) mixed = (mixed * 31 + letter.charCodeAt(0)) | 0;
  const next = seeded(mixed);
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    between,
    pick(from) {
      const found = from[between(0, from.length - 1)];
      if (found === undefined) throw new Error('nothing to choose from');
      return found;
    },
    chance: (share) => next() < share,
    shuffled(from) {
      const rest = [...from];
      return from.map(() => rest.splice(between(0, rest.length - 1), 1)[0] as (typeof rest)[number]);
    },
  };
}

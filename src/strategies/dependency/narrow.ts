/** Whether the command is green with these packages at their green versions; null: not known yet. */
export type Known = (names: readonly string[]) => 'green' | 'not-green' | null;

/** What the search needs tried next, or what it found. */
export type Narrowed =
  | { readonly kind: 'try'; readonly names: readonly string[] }
  | { readonly kind: 'found'; readonly names: readonly string[] }
  | { readonly kind: 'none'; readonly code: 'not-the-versions' | 'many-culprits' };

/** Packages held back together at most; more are no pin but an older world. */
const MOST = 3;

/**
 * The fewest packages, in the order given, that must be at their green versions: first whether all of them help at all, then the
 * shortest beginning of the list that does. Its last one is needed; what else is needed stands before it, and is found in the same way.
 */
export function narrow(names: readonly string[], known: Known): Narrowed {
  const needed: string[] = [];
  let upper = names.length;
  const whole = known(names);
  if (whole === null) return { kind: 'try', names };
  if (whole === 'not-green') return { kind: 'none', code: 'not-the-versions' };
  for (;;) {
    const set = (length: number) => [...names.slice(0, length), ...needed];
    if (needed.length > 0) {
      const alone = known(needed);
      if (alone === null) return { kind: 'try', names: needed };
      if (alone === 'green') return { kind: 'found', names: needed };
    }
    if (needed.length === MOST) return { kind: 'none', code: 'many-culprits' };
    let lower = 0;
    while (upper - lower > 1) {
      const middle = Math.floor((lower + upper) / 2);
      const answer = known(set(middle));
      if (answer === null) return { kind: 'try', names: set(middle) };
      // What could not be told is not known to help, and more of the old world may.
      if (answer === 'green') upper = middle;
      else lower = middle;
    }
    const last = names[upper - 1];
    if (last === undefined) return { kind: 'none', code: 'many-culprits' };
    needed.unshift(last);
    upper -= 1;
  }
}

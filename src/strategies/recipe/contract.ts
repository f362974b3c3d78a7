import type { Language } from './mask.ts';

/** One replacement. Patterns are global, look at code alone (never into strings or comments), and take time in proportion to the text. */
export interface Rewrite {
  readonly find: RegExp;
  /** `$1` to `$9` are groups of the pattern. */
  readonly by: string;
  /** Done only where an earlier rewrite of the recipe changed something. */
  readonly then?: true;
  /** Not done where this stands in the code already. */
  readonly unless?: RegExp;
}

/** A known breakage with its repair: data, reviewed once. */
export interface Recipe {
  readonly id: string;
  /** For people: what it does. */
  readonly does: string;
  readonly language: Language;
  /** What a tool or program says when it is this; whether it does is all that is taken from it. */
  readonly says: RegExp;
  readonly rewrites: readonly Rewrite[];
  /** Go: an import that is no longer used, and what stands in its place. */
  readonly goImport?: { readonly from: string; readonly used: string; readonly by: readonly string[] };
}

/** Ends of the names of program files. */
export const FILES: Readonly<Record<Language, RegExp>> = {
  javascript: /\.[cm]?[jt]sx?$/,
  python: /\.py$/,
  go: /\.go$/,
  java: /\.java$/,
  rust: /\.rs$/,
  ruby: /\.rb$/,
};

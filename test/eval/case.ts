import type { OutcomeKind } from '../../src/domain/outcome.ts';

/** Languages that repositories are generated in. */
export const LANGUAGES = ['javascript', 'python', 'go'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Files by path; null deletes one. */
export type Files = Readonly<Record<string, string | Uint8Array | null>>;

/** One commit of a generated history. */
export interface Commit {
  readonly author: string;
  readonly message: string;
  readonly at: Date;
  readonly files: Files;
}

/** What must become of a case. */
export type Truth =
  | {
      readonly end: 'healed';
      /** Any of these may do it. */
      readonly strategies: readonly string[];
      /** What the repository must hold afterwards, one of these: known beforehand, and nothing that the healing could see. */
      readonly trees: ReadonlyArray<ReadonlyMap<string, string | Uint8Array>>;
    }
  | {
      readonly end: 'not-healed';
      readonly kinds: readonly OutcomeKind[];
      /** Classes that fit; absent: any. */
      readonly classes?: readonly string[];
    };

/** A repository with one break, and what must become of it. */
export interface EvalCase {
  readonly id: string;
  readonly class: string;
  readonly language: Language;
  readonly seed: number;
  readonly commits: readonly Commit[];
  /** What everybody sees at the head. */
  readonly head: ReadonlyMap<string, string | Uint8Array>;
  /** The failing command. */
  readonly run: string;
  /** Name of its check, and the commit (by its place) that the forge knows as green; absent: the sandbox has to look for one. */
  readonly green?: { readonly check: string; readonly commit: number };
  readonly truth: Truth;
}

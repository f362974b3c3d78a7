import type { PlanStep } from '../../domain/plan.schema.ts';

/** A package that stands at another version now than when the check was green. */
export interface Moved {
  readonly name: string;
  /** When it was green. */
  readonly from: string;
  /** Now. */
  readonly to: string;
  /** The repository asks for it itself. */
  readonly direct: boolean;
  /** Its version is held on purpose, by an override or beside a word about security. */
  readonly held: boolean;
}

/** Two resolutions of one repository, side by side. */
export interface Comparison {
  readonly moved: readonly Moved[];
  /** Nothing was added, taken away or asked for differently: the whole of it can be taken back. */
  readonly onlyVersions: boolean;
  /** These packages and all that must go with them. */
  closure(names: ReadonlySet<string>): ReadonlySet<string>;
  /** What takes these packages, and all that must go with them, back to their green versions and leaves the others. */
  withGreen(names: ReadonlySet<string>): readonly PlanStep[];
}

/** One kind of lock file. */
export interface Ecosystem {
  readonly id: string;
  /** What is taken back as a whole; the first says what is installed. */
  readonly locks: readonly string[];
  /** Further files that say what is asked for. */
  readonly manifests: readonly string[];
  /** Null where one of the texts is none of this kind. */
  compare(head: (path: string) => string | null, green: (path: string) => string | null): Comparison | null;
}

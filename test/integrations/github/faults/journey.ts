import type { Activities } from '../../../../src/activities/contract.ts';
import type { At, StageOptions } from './stage.ts';

/** Values that one step hands to the next. */
export type Notes = Record<string, unknown>;

/** One step of a journey. */
export interface Step {
  readonly name: string;
  /**
   * Whose rules of repeating hold: those of an activity; `person`: somebody ran a command, reads what it says and runs it again; `doctor`: the same,
   * and what it says are findings; `walk`: the patrol, which comes again in minutes.
   */
  readonly by: keyof Activities | 'person' | 'doctor' | 'walk';
  run(at: At, notes: Notes): Promise<unknown>;
  /** It is tried in another journey already; here it only leads on. */
  readonly elsewhere?: true;
  /** What others do before the next step. */
  readonly then?: (at: At, notes: Notes) => Promise<void>;
}

/** Steps that follow each other, and where they begin. */
export interface Journey {
  readonly name: string;
  /** Cells that its matrix has at least. */
  readonly cells: number;
  readonly stage: StageOptions;
  /** What others did before the first step. */
  readonly before?: (at: At, notes: Notes) => Promise<void>;
  readonly steps: readonly Step[];
}

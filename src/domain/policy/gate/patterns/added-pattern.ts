import type { GateCode } from '../codes.ts';

/** A shape that an added line must not have: a way to turn a check off instead of making it pass. */
export interface AddedPattern {
  readonly code: GateCode;
  /** `test`: only in files of tests; `program`: only outside of them and of settings. */
  readonly where: 'test' | 'program' | 'any';
  readonly pattern: RegExp;
  readonly detail: string;
  /** What it looks for stands in comments, so they are looked at too. */
  readonly comments?: true;
}

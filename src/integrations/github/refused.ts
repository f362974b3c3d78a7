import type { Refused } from '../contract.ts';

/** A refusal as a value. */
export function refused(reason: Refused['reason'], detail: string): Refused {
  return { kind: 'refused', reason, detail };
}

import { openSync, renameSync, statSync } from 'node:fs';

/** A log that is larger when it is opened is set aside, in bytes. */
const ROTATED_AT = 10_000_000;

/** Opens a log for appending; a large one is set aside first as `<path>.1`, in place of the one before it. The caller closes the descriptor. */
export function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATED_AT) renameSync(path, `${path}.1`);
  return openSync(path, 'a');
}

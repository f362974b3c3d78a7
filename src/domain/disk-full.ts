import { Failure } from './failure.ts';

/** A folder that may turn out to be full, and the setting that moves it; absent where the folder is not ours to move. */
export interface Place {
  readonly folder: string;
  readonly setting?: 'SUTURE_STATE_DIR' | 'TMPDIR';
}

const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const SAID = /No space left on device|Disk quota exceeded|database or disk is full|\bENOSPC\b|\bEDQUOT\b/i;

/** A folder of the state, which one setting moves as a whole. */
export const inState = (folder: string): Place => ({ folder, setting: 'SUTURE_STATE_DIR' });

/** How far causes are followed; nothing of ours nests deeper. */
const MAX_CAUSES = 5;

/** Whether something failed because a disk, or somebody's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  let each = error;
  for (let depth = 0; depth < MAX_CAUSES && each instanceof Error; depth += 1) {
    // A code that was given says more than what lies below it.
    if (each instanceof Failure) return each.code === 'disk-full';
    if ('code' in each && CODES.has(each.code)) return true;
    each = each.cause;
  }
  return false;
}

/** Whether a program that we started complains of a full disk: git, SQLite, the C library, Node. */
export function saysDiskFull(text: string): boolean {
  return SAID.test(text);
}

/** The one message for a full disk: which one, and the way out. */
export function diskFull({ folder, setting }: Place, cause?: unknown): Failure {
  const elsewhere = setting === undefined ? '' : `, or set ${setting} to a folder on another disk`;
  return new Failure('disk-full', `the disk that holds ${folder} is full: free some space there${elsewhere}`, { cause });
}

/** An error by its name where a full disk is behind it; any other as it is. */
export function orDiskFull(error: unknown, place: Place): unknown {
  return isDiskFull(error) ? diskFull(place, error) : error;
}

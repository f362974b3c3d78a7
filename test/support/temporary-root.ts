import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** Memory that looks like a disk, on Linux. */
const IN_MEMORY = '/dev/shm';

/** What must be free there. A whole run writes less than a tenth of it at a time. */
const ENOUGH_BYTES = 4 * 1024 ** 3;

let root: string | undefined;

/** Puts the temporary folders of a run into memory where there is room: what is kept is written through to the disk at every step, and a test's is thrown away. */
export function setup(): void {
  if (process.env['TMPDIR'] !== undefined || free() < ENOUGH_BYTES) return;
  root = mkdtempSync(join(IN_MEMORY, 'suture-'));
  // As /tmp is: some tests run parts as another user.
  chmodSync(root, 0o1777);
  process.env['TMPDIR'] = root;
}

/** Removes what is left. */
export function teardown(): void {
  if (root === undefined) return;
  delete process.env['TMPDIR'];
  rmSync(root, { recursive: true, force: true });
}

function free(): number {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

import { freeBytes } from '../lib/free-space.ts';

/** Below this the next record, log or page of the database may be the one that does not fit, in bytes. */
const FULL_BYTES = 1024 ** 2;

/** Whether the disk of a folder is as good as full. */
export function isFull(folder: string): boolean {
  return (freeBytes(folder) ?? FULL_BYTES) < FULL_BYTES;
}

const EVERY_MS = 5_000;

/** Says once when the disk of a folder is full, and once when it has room again: whatever runs on it waits meanwhile, and nobody else would say for what. Ends the watch. */
export function watchDisk(
  folder: string,
  tell: (text: string) => void,
  { everyMs = EVERY_MS, free = freeBytes }: { readonly everyMs?: number; readonly free?: typeof freeBytes } = {},
): () => void {
  let full = false;
  const look = (): void => {
    const bytes = free(folder);
    // Room for a moment is none: what waited takes it at once.
    if (bytes === null || full === bytes < (full ? 2 * FULL_BYTES : FULL_BYTES)) return;
    full = !full;
    tell(
      full
        ? `the disk that holds ${folder} is full (${Math.floor(bytes / 1024)} KiB left): free some space there; what is under way waits for it, or ends saying so`
        : `there is room again on the disk that holds ${folder}`,
    );
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  look();
  return () => clearInterval(timer);
}

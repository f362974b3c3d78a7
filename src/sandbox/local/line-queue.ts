import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Lines of a stream, taken one at a time. */
export interface LineQueue {
  /** The next line; null once the stream has ended, `undefined` when none came within the given milliseconds. */
  next(waitMs?: number): Promise<string | null | undefined>;
}

/** Queues the lines of a stream as they come; an error on the stream counts as its end. */
export function createLineQueue(stream: Readable): LineQueue {
  const lines: string[] = [];
  let ended = false;
  let wake: (() => void) | null = null;
  const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const changed = (): void => {
    wake?.();
    wake = null;
  };
  reader.on('line', (line) => {
    lines.push(line);
    changed();
  });
  reader.on('close', () => {
    ended = true;
    changed();
  });
  stream.on('error', () => reader.close());
  // A stream that is destroyed never says that it has ended.
  stream.on('close', () => reader.close());
  return {
    async next(waitMs) {
      if (lines.length === 0 && !ended) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = waitMs === undefined ? undefined : setTimeout(resolve, waitMs);
        });
        clearTimeout(timer);
        wake = null;
      }
      return lines.shift() ?? (ended ? null : undefined);
    },
  };
}

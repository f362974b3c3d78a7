import type { Readable } from 'node:stream';

const HEADER = 8;

/**
 * Takes apart what the engine multiplexes: frames of one byte for the stream (1 out, 2 errors), three empty ones and the length, big
 * endian. Whoever takes a part decides when the next is read, so nothing piles up. Ends with the stream; a broken one ends it too.
 */
export async function demultiplex(stream: Readable, take: (from: 'out' | 'error', bytes: Buffer) => void | Promise<void>): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let from: 'out' | 'error' = 'out';
  try {
    for await (const chunk of stream) {
      rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      for (;;) {
        if (left === 0) {
          if (rest.length < HEADER) break;
          from = rest[0] === 2 ? 'error' : 'out';
          left = rest.readUInt32BE(4);
          rest = rest.subarray(HEADER);
          continue;
        }
        if (rest.length === 0) break;
        const part = rest.subarray(0, left);
        left -= part.length;
        rest = rest.subarray(part.length);
        await take(from, part);
      }
    }
  } catch {
    // The container was ended under it: what came so far is what there is.
  }
}

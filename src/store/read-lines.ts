import type { FileHandle } from 'node:fs/promises';

/** Longest line that is read, in bytes; ours are far below. */
export const MAX_LINE_BYTES = 262_144;

/** One line without its end, or the rest of a file that does not end with one. */
export interface RawLine {
  readonly bytes: Buffer;
  /** Where it starts in the file. */
  readonly offset: number;
  readonly terminated: boolean;
}

/** Reads a file line by line from an offset, in constant memory. A line above the limit is cut and comes as not terminated, and nothing follows it. */
export async function* readLines(file: FileHandle, from: number): AsyncGenerator<RawLine> {
  const chunk = Buffer.alloc(262_144);
  let rest: Buffer = Buffer.alloc(0);
  let restAt = from;
  for (let position = from; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) {
      break;
    }
    position += bytesRead;
    let data = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    for (let end = data.indexOf(0x0a); end !== -1; end = data.indexOf(0x0a)) {
      yield { bytes: data.subarray(0, end), offset: restAt, terminated: true };
      restAt += end + 1;
      data = data.subarray(end + 1);
    }
    if (data.length > MAX_LINE_BYTES) {
      yield { bytes: data.subarray(0, MAX_LINE_BYTES), offset: restAt, terminated: false };
      return;
    }
    rest = data;
  }
  if (rest.length > 0) {
    yield { bytes: rest, offset: restAt, terminated: false };
  }
}

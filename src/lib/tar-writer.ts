import { Readable } from 'node:stream';
import { fitsHeader, TAR_BLOCK, writeHeader } from './tar-header.ts';

/** Room for headers and small files, which are put together into it. */
const ROOM = 64 * 1024;
/** Content of this size is handed on as it came: memory outside of the heap that is used once is what garbage is collected for. */
const LARGE = 4 * 1024;
/** Bytes that wait for their reader before whoever writes is to wait. */
const AHEAD = 4 * 1024 ** 2;
const FOLDED = Buffer.from('././@LongLink');

/** A tar that is written in order, with owner and time 0. */
export interface TarWriter {
  /** What is written, as a stream. */
  readonly stream: Readable;
  /** Begins a file, whose content follows. */
  file(name: string, mode: number, size: number): void;
  /** Content of the file that was begun last, as many bytes as it was said to have; nobody may write to it afterwards. */
  data(bytes: Buffer): void;
  /** Ends the file. */
  end(): void;
  symlink(name: string, target: string): void;
  /** Ends the tar. */
  finish(): void;
  /** What to wait for before more is written; null when nothing. Settles also when nobody reads any more. */
  ready(): Promise<void> | null;
}

/** Writes small things together: a promise or a system call for each of them is what would take the time. */
export function createTarWriter(): TarWriter {
  let wake: (() => void) | null = null;
  let wanted = true;
  const woken = (): void => {
    wanted = true;
    wake?.();
    wake = null;
  };
  const stream = new Readable({
    highWaterMark: AHEAD,
    read: woken,
    destroy(error, done) {
      woken();
      done(error);
    },
  });
  let room = Buffer.allocUnsafeSlow(ROOM);
  let used = 0;
  let missing = 0;
  let filling = 0;

  const push = (bytes: Buffer): void => {
    if (!stream.destroyed && !stream.push(bytes)) wanted = false;
  };
  const emit = (): void => {
    if (used > 0) push(room.subarray(0, used));
    room = room.length - used < LARGE ? Buffer.allocUnsafeSlow(ROOM) : room.subarray(used);
    used = 0;
  };
  const add = (bytes: Buffer): void => {
    if (bytes.length >= LARGE) {
      emit();
      push(bytes);
      return;
    }
    if (room.length - used < bytes.length) emit();
    bytes.copy(room, used);
    used += bytes.length;
  };
  const fill = (bytes: number): void => {
    add(Buffer.alloc(bytes));
  };
  const header = (entry: Parameters<typeof writeHeader>[2]): void => {
    if (missing > 0) throw new Error('a tar entry is shorter than it was said to be');
    if (room.length - used < TAR_BLOCK) emit();
    writeHeader(room, used, entry);
    used += TAR_BLOCK;
  };
  const long = (type: 'long-name' | 'long-link', name: Buffer): void => {
    if (fitsHeader(name)) return;
    header({ name: FOLDED, type, mode: 0o644, size: name.length + 1 });
    add(name);
    fill(TAR_BLOCK - (name.length % TAR_BLOCK));
  };

  return {
    stream,
    file(name, mode, size) {
      const bytes = Buffer.from(name);
      long('long-name', bytes);
      header({ name: bytes, type: 'file', mode, size });
      missing = size;
      filling = (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
    },
    data(bytes) {
      if (bytes.length > missing) throw new Error('a tar entry is longer than it was said to be');
      missing -= bytes.length;
      add(bytes);
    },
    end() {
      if (missing > 0) throw new Error('a tar entry is shorter than it was said to be');
      fill(filling);
      filling = 0;
    },
    symlink(name, target) {
      const bytes = Buffer.from(name);
      const linkname = Buffer.from(target);
      long('long-link', linkname);
      long('long-name', bytes);
      header({ name: bytes, type: 'symlink', mode: 0o777, size: 0, linkname });
    },
    finish() {
      fill(2 * TAR_BLOCK);
      emit();
      if (!stream.destroyed) stream.push(null);
    },
    ready() {
      if (wanted || stream.destroyed) return null;
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
  };
}

import type { Readable } from 'node:stream';
import { readHeader, TAR_BLOCK, type TarHeader } from './tar-header.ts';

/** Takes the content of one entry, piece by piece as it comes. Pieces may be kept; each keeps the chunk that it is part of. */
export interface TarSink {
  data(bytes: Buffer): void;
  end(): void;
}

/** Looks at an entry and says what takes its content; null passes over it. */
export type TarVisitor = (header: TarHeader) => TarSink | null;

/** Longest name or set of attributes that is read; no file system takes one that is nearly as long. */
const LONGEST_NAME = 1024 ** 2;
/** How much is worked through before whoever else waits gets a turn. */
const SLICE = 256 * 1024;

/** What `x` headers say of the entry after them: `<length> <key>=<value>\n`, over and over. */
function attributes(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space === -1 || !Number.isInteger(length) || length <= space - at || at + length > bytes.length) break;
    const [key = '', ...value] = bytes.toString('utf8', space + 1, at + length - 1).split('=');
    found.set(key, value.join('='));
    at += length;
  }
  return found;
}

const untilZero = (bytes: Buffer): string => bytes.toString('utf8', 0, bytes.includes(0) ? bytes.indexOf(0) : bytes.length);

/** Tars from before folders had a type tell them by their whole name: one that was cut to fit may end with a slash as well. */
const typed = (header: TarHeader): TarHeader =>
  header.type === 'file' && header.name.endsWith('/') ? { ...header, type: 'directory' } : header;

/** Reads tar of the ustar, pax and GNU formats, a chunk at a time without any promise in between. Throws on what is none. */
class TarReader {
  readonly #visit: TarVisitor;
  #sink: TarSink | null = null;
  /** Content of the entry that is still to come, and what fills its last block. */
  #content = 0;
  #filling = 0;
  /** The beginning of a header that was cut in two. */
  #partial: Buffer | null = null;
  #longName: string | null = null;
  #longLink: string | null = null;
  #pax: Map<string, string> | null = null;

  constructor(visit: TarVisitor) {
    this.#visit = visit;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#content > 0) {
        const bytes = Math.min(this.#content, chunk.length - at);
        this.#content -= bytes;
        this.#sink?.data(bytes === chunk.length ? chunk : chunk.subarray(at, at + bytes));
        at += bytes;
        if (this.#content === 0) this.#ended();
      } else if (this.#filling > 0) {
        const bytes = Math.min(this.#filling, chunk.length - at);
        this.#filling -= bytes;
        at += bytes;
      } else if (this.#partial === null && chunk.length - at >= TAR_BLOCK) {
        this.#header(chunk.subarray(at, at + TAR_BLOCK));
        at += TAR_BLOCK;
      } else {
        const missing = TAR_BLOCK - (this.#partial?.length ?? 0);
        const more = chunk.subarray(at, at + missing);
        at += more.length;
        const block: Buffer = this.#partial === null ? Buffer.from(more) : Buffer.concat([this.#partial, more]);
        this.#partial = block.length < TAR_BLOCK ? block : null;
        if (this.#partial === null) this.#header(block);
      }
    }
  }

  end(): void {
    if (this.#content > 0 || this.#filling > 0 || this.#partial !== null) throw new Error('a tar that was cut off');
  }

  #header(block: Buffer): void {
    const header = readHeader(block);
    if (header === null) return;
    if (header.type === 'long-name') {
      this.#take(header.size, (bytes) => {
        this.#longName = untilZero(bytes);
      });
      return;
    }
    if (header.type === 'long-link') {
      this.#take(header.size, (bytes) => {
        this.#longLink = untilZero(bytes);
      });
      return;
    }
    if (header.type === 'pax') {
      this.#take(header.size, (bytes) => {
        this.#pax = attributes(bytes);
      });
      return;
    }
    if (header.type === 'pax-global') {
      // Says something of the archive, not of any one entry.
      this.#begin(header.size, null);
      return;
    }
    const entry = this.#named(header);
    // Folders have no content, whatever size they say they have.
    this.#begin(entry.type === 'directory' ? 0 : entry.size, this.#visit(entry));
  }

  /** The header with what the ones before it said. */
  #named(header: TarHeader): TarHeader {
    const [pax, name, linkname] = [this.#pax, this.#longName, this.#longLink];
    if (pax === null && name === null && linkname === null) return typed(header);
    this.#pax = null;
    this.#longName = null;
    this.#longLink = null;
    const size = pax?.get('size');
    if (size !== undefined && !(/^\d+$/.test(size) && Number.isSafeInteger(Number(size)))) throw new Error('a tar header without a size');
    return typed({
      ...header,
      name: pax?.get('path') ?? name ?? header.name,
      linkname: pax?.get('linkpath') ?? linkname ?? header.linkname,
      size: size === undefined ? header.size : Number(size),
    });
  }

  #begin(size: number, sink: TarSink | null): void {
    this.#sink = sink;
    this.#content = size;
    this.#filling = (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
    if (size === 0) this.#ended();
  }

  #ended(): void {
    const sink = this.#sink;
    this.#sink = null;
    sink?.end();
  }

  #take(size: number, use: (bytes: Buffer) => void): void {
    if (size > LONGEST_NAME) throw new Error('a tar with an endless name');
    const parts: Buffer[] = [];
    this.#begin(size, { data: (bytes) => parts.push(Buffer.from(bytes)), end: () => use(Buffer.concat(parts)) });
  }
}

/**
 * Reads a tar to its end. Entries are shown in their order, each with its content before the next; after every slice `ready` is waited for,
 * where it gives something to wait for. Rejects with what the stream, the visitor or `ready` throws, and on what is no proper tar; the
 * stream is destroyed then. By events, because iterating over a stream copies whatever has come in meanwhile into one piece.
 */
export function readTar(stream: Readable, visit: TarVisitor, ready: () => Promise<void> | null = () => null): Promise<void> {
  const reader = new TarReader(visit);
  /** Works through a chunk from somewhere on; what to wait for before it is done, null when it is. */
  const feed = (bytes: Buffer, from: number): Promise<void> | null => {
    for (let at = from; at < bytes.length; at += SLICE) {
      reader.push(bytes.length <= SLICE ? bytes : bytes.subarray(at, at + SLICE));
      const waiting = ready();
      if (waiting !== null) return waiting.then(() => feed(bytes, at + SLICE) ?? undefined);
    }
    return null;
  };
  return new Promise((resolve, reject) => {
    /** What still has to be done before anything that comes later is looked at; the last of a stream may come while it is paused. */
    let busy: Promise<void> | null = null;
    let ended = false;
    const fail = (error: unknown): void => {
      reject(error);
      stream.off('data', take);
      stream.destroy();
    };
    const finish = (): void => {
      reader.end();
      resolve();
    };
    const after = (work: Promise<void>): void => {
      const done = work.then(() => {
        if (busy !== done) return;
        busy = null;
        if (ended) finish();
        else stream.resume();
      });
      busy = done;
      done.catch(fail);
    };
    const take = (chunk: Uint8Array): void => {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      try {
        const waiting = busy === null ? feed(bytes, 0) : busy.then(() => feed(bytes, 0) ?? undefined);
        if (waiting === null) return;
        stream.pause();
        after(waiting);
      } catch (error) {
        fail(error);
      }
    };
    if (stream.destroyed) {
      reject(stream.errored ?? new Error('a tar that was cut off'));
      return;
    }
    stream.on('error', fail);
    stream.on('close', () => {
      if (!ended) reject(new Error('a tar that was cut off'));
    });
    stream.on('end', () => {
      ended = true;
      if (busy !== null) return;
      try {
        finish();
      } catch (error) {
        fail(error);
      }
    });
    stream.on('data', take);
  });
}

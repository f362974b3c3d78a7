/** Bytes of a header, and what contents are filled up to. */
export const TAR_BLOCK = 512;

/** What a tar says that an entry is; `other` is everything that nobody here makes anything of. */
export type TarType =
  | 'file'
  | 'link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'other'
  | 'long-name'
  | 'long-link'
  | 'pax'
  | 'pax-global';

/** One entry of a tar, as it describes itself. */
export interface TarHeader {
  readonly name: string;
  readonly type: TarType;
  readonly mode: number;
  /** Bytes of content that follow. */
  readonly size: number;
  /** Target of a link; empty for everything else. */
  readonly linkname: string;
}

const TYPES: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  // A file that is to lie in one piece, which no file system here does anything about.
  '7': 'file',
  L: 'long-name',
  K: 'long-link',
  x: 'pax',
  g: 'pax-global',
};
const FLAGS = { file: '0', symlink: '2', 'long-name': 'L', 'long-link': 'K' } as const;

const NAME = { at: 0, bytes: 100 } as const;
const SIZE = { at: 124, bytes: 12 } as const;
const CHECKSUM = { at: 148, bytes: 8 } as const;
const LINKNAME = { at: 157, bytes: 100 } as const;
const PREFIX = { at: 345, bytes: 155 } as const;
const TYPE_AT = 156;
const MAGIC_AT = 257;
const SPACE = 0x20;
const BINARY = 0x80;
/** The largest size that eleven octal digits hold. */
const OCTAL_SIZE = 0o77777777777;

interface Field {
  readonly at: number;
  readonly bytes: number;
}

function text(block: Buffer, { at, bytes }: Field): string {
  const end = block.indexOf(0, at);
  return block.toString('utf8', at, end === -1 || end > at + bytes ? at + bytes : end);
}

/** Octal digits, or big-endian binary as GNU tar writes what those cannot hold; not a number where it is neither. */
function number(block: Buffer, { at, bytes }: Field): number {
  const first = block[at] ?? 0;
  if ((first & BINARY) === 0) {
    const digits = text(block, { at, bytes }).trim();
    return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  }
  // Negative ones, which only times ever are, begin otherwise.
  let value = first === BINARY ? 0 : Number.NaN;
  for (let index = at + 1; index < at + bytes; index += 1) value = value * 256 + (block[index] ?? 0);
  return value;
}

/** Sum of all bytes, with the checksum itself counted as spaces. */
function checksum(block: Buffer, from: number): number {
  let sum = CHECKSUM.bytes * SPACE;
  for (let at = from; at < from + CHECKSUM.at; at += 1) sum += block[at] ?? 0;
  for (let at = from + TYPE_AT; at < from + TAR_BLOCK; at += 1) sum += block[at] ?? 0;
  return sum;
}

/** Reads the header in a block of 512 bytes; null where it holds none but only zeros. Throws where it is neither. */
export function readHeader(block: Buffer): TarHeader | null {
  const sum = checksum(block, 0);
  if (sum === CHECKSUM.bytes * SPACE) return null;
  if (sum !== number(block, CHECKSUM)) throw new Error('a tar header is damaged');
  const magic = block.toString('latin1', MAGIC_AT, MAGIC_AT + 8);
  const isPosix = magic.startsWith('ustar\0');
  if (!isPosix && magic !== 'ustar  \0') throw new Error('a tar of an unknown format');
  const prefix = isPosix ? text(block, PREFIX) : '';
  const name = prefix === '' ? text(block, NAME) : `${prefix}/${text(block, NAME)}`;
  const size = number(block, SIZE);
  if (!Number.isSafeInteger(size)) throw new Error('a tar header without a size');
  return {
    name,
    type: TYPES[String.fromCharCode(block[TYPE_AT] ?? 0)] ?? 'other',
    mode: number(block, { at: 100, bytes: 8 }),
    size,
    linkname: text(block, LINKNAME),
  };
}

/** What is the same in every header of ours: owner 0, time 0, GNU format. */
const TEMPLATE = Buffer.alloc(TAR_BLOCK);
TEMPLATE.write('0000000\0', 108, 'latin1');
TEMPLATE.write('0000000\0', 116, 'latin1');
TEMPLATE.write('00000000000\0', 136, 'latin1');
TEMPLATE.write('ustar  \0', MAGIC_AT, 'latin1');

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');

/** Whether a name or the target of a link has room in a header. */
export function fitsHeader(name: Buffer): boolean {
  return name.length <= NAME.bytes;
}

/** Writes a header at a place of a buffer that has room for it. Owner and time are 0; names that do not fit are cut. */
export function writeHeader(
  into: Buffer,
  at: number,
  entry: {
    readonly name: Buffer;
    readonly type: keyof typeof FLAGS;
    readonly mode: number;
    readonly size: number;
    readonly linkname?: Buffer;
  },
): void {
  TEMPLATE.copy(into, at);
  entry.name.copy(into, at, 0, NAME.bytes);
  into.write(`${octal(entry.mode, 7)}\0`, at + 100, 'latin1');
  if (entry.size <= OCTAL_SIZE) into.write(`${octal(entry.size, 11)}\0`, at + SIZE.at, 'latin1');
  else {
    into[at + SIZE.at] = BINARY;
    into.writeUIntBE(entry.size, at + SIZE.at + SIZE.bytes - 6, 6);
  }
  into.write(FLAGS[entry.type], at + TYPE_AT, 'latin1');
  entry.linkname?.copy(into, at + LINKNAME.at, 0, LINKNAME.bytes);
  into.write(`${octal(checksum(into, at), 6)}\0 `, at + CHECKSUM.at, 'latin1');
}

/** Longer lines are cut before anything looks at them. In UTF-16 units. */
const MAX_LENGTH = 2000;

const OTHER = 0;
const LETTER = 1;
const HEX_LETTER = 2;
const DIGIT = 3;
const UNDERSCORE = 4;
const SPACE = 5;
const SLASH = 6;

const CLASSES = new Uint8Array(128);
for (let code = 65; code <= 90; code += 1) CLASSES[code] = LETTER;
for (let code = 97; code <= 122; code += 1) CLASSES[code] = code <= 102 ? HEX_LETTER : LETTER;
for (let code = 48; code <= 57; code += 1) CLASSES[code] = DIGIT;
CLASSES[95] = UNDERSCORE;
for (const code of [9, 10, 11, 12, 13, 32]) CLASSES[code] = SPACE;
CLASSES[47] = SLASH;
CLASSES[92] = SLASH;

const classOf = (code: number): number => (code < 128 ? (CLASSES[code] ?? OTHER) : OTHER);

/** Stands for everything that differs between two sightings of one line. */
const MARK = 35;
/** Between two marks these say nothing: `10:32:07.5`, `12,5`, `2-3`. */
const JOINS = new Set([...'.,:-/+'].map((sign) => sign.charCodeAt(0)));
/** Belong to the names of folders as much as letters do. */
const NAME_SIGNS = new Set([...'.@+~-%'].map((sign) => sign.charCodeAt(0)));

const out = new Uint16Array(MAX_LENGTH + 1);
let length = 0;

function put(code: number): void {
  // A rule of dashes or a bar of progress is the same however long it is.
  if (length > 0 && out[length - 1] === code && classOf(code) === OTHER) return;
  out[length] = code;
  length += 1;
}

function mark(): void {
  if (length >= 2 && out[length - 2] === MARK && JOINS.has(out[length - 1] ?? 0)) length -= 1;
  else if (length === 0 || out[length - 1] !== MARK) {
    out[length] = MARK;
    length += 1;
  }
}

/** Whether a part of a word is an id or a number rather than a name. */
function isVariable(text: string, from: number, to: number): boolean {
  let digits = 0;
  let hex = true;
  for (let at = from; at < to; at += 1) {
    const kind = classOf(text.charCodeAt(at));
    if (kind === DIGIT) digits += 1;
    else if (kind !== HEX_LETTER) hex = false;
  }
  const size = to - from;
  if (digits === 0) return false;
  return (hex && size >= 7) || (digits === size && size >= 5) || (size >= 16 && digits >= 4);
}

/** A word of letters, digits and underscores. One that begins with a digit is a number, a time, a size or an id; a few digits within belong to the name. */
function word(text: string, from: number, to: number): void {
  if (classOf(text.charCodeAt(from)) === DIGIT) {
    mark();
    return;
  }
  let part = from;
  for (let at = from; at <= to; at += 1) {
    if (at < to && classOf(text.charCodeAt(at)) !== UNDERSCORE) continue;
    if (isVariable(text, part, at)) mark();
    else for (let each = part; each < at; each += 1) put(text.charCodeAt(each));
    if (at < to) put(95);
    part = at + 1;
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])/iy;

function scan(given: string): void {
  length = 0;
  const end = Math.min(given.length, MAX_LENGTH);
  /** Where the name began that a slash would make a folder. */
  let name = 0;
  for (let at = 0; at < end; ) {
    const code = given.charCodeAt(at);
    const kind = classOf(code);
    if (kind >= LETTER && kind <= UNDERSCORE) {
      let to = at + 1;
      let digit = kind === DIGIT;
      for (; to < end; to += 1) {
        const next = classOf(given.charCodeAt(to));
        if (next < LETTER || next > UNDERSCORE) break;
        digit ||= next === DIGIT;
      }
      if (to - at === 8 && given.charCodeAt(to) === 45) {
        UUID.lastIndex = at;
        if (UUID.test(given)) {
          mark();
          at += 36;
          continue;
        }
      }
      if (digit) word(given, at, to);
      else for (let each = at; each < to; each += 1) put(given.charCodeAt(each));
      at = to;
      continue;
    }
    at += 1;
    if (kind === SPACE) {
      if (length > 0 && out[length - 1] !== 32) put(32);
      name = length;
    } else if (kind === SLASH) {
      length = Math.min(length, name);
    } else {
      put(code);
      if (!NAME_SIGNS.has(code)) name = length;
    }
  }
  if (length > 0 && out[length - 1] === 32) length -= 1;
}

/** A text without what differs between two sightings of it: numbers, times, ids, folders, repeated signs. The names of files stay. Linear in its length. */
export function templateOf(text: string): string {
  scan(text);
  let template = '';
  for (let at = 0; at < length; at += 1024) template += String.fromCharCode(...out.subarray(at, Math.min(length, at + 1024)));
  return template;
}

/** The same as one number, without making the text: for lines by the million. */
export function templateKey(text: string): number {
  scan(text);
  let one = 0x811c9dc5;
  let other = 0x9747b28c;
  for (let at = 0; at < length; at += 1) {
    const code = out[at] ?? 0;
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x5bd1e995);
    other ^= other >>> 15;
  }
  return (one >>> 0) * 0x200000 + (other >>> 11);
}

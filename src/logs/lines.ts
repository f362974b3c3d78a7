import { visibleText } from '../lib/escape.ts';

/** The text of a log, whole or in pieces: pieces keep the memory small. */
export type LogText = string | Iterable<string>;

/** A line as people would see it, without the time and the marker that the forge puts before it. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
  readonly marker: 'none' | 'group' | 'end' | 'error' | 'command';
}

/** Longer lines are cut. In UTF-16 units. */
const MAX_LINE = 2000;
/** A line that does not end is kept to this. */
const MAX_CARRY = 65_536;

const PLAIN = /^[\t -~]*$/;
const MARKERS: ReadonlyArray<readonly [string, Line['marker']]> = [
  ['##[group]', 'group'],
  ['::group::', 'group'],
  ['##[endgroup]', 'end'],
  ['::endgroup::', 'end'],
  ['##[error]', 'error'],
  ['##[command]', 'command'],
  ['[command]', 'command'],
  ['##[warning]', 'none'],
  ['##[notice]', 'none'],
  ['##[debug]', 'none'],
];

/** What is before a text of a log that GitHub Actions wrote: `2026-01-31T10:20:30.1234567Z `. */
const TIME = /^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?/;

/** The last state of a line that was written over and over, as progress bars do. */
function lastState(raw: string): string {
  const end = raw.endsWith('\r') ? raw.length - 1 : raw.length;
  const from = end === 0 ? -1 : raw.lastIndexOf('\r', end - 1);
  return raw.slice(from + 1, Math.min(end, from + 1 + MAX_LINE));
}

function lineOf(raw: string, number: number): Line {
  let text = raw.length > MAX_LINE || raw.includes('\r') ? lastState(raw) : raw;
  if (!PLAIN.test(text)) text = visibleText(text).replaceAll('\n', ' ');
  const first = text.charCodeAt(0);
  if ((first >= 48 && first <= 57) || first === 0xfeff || first === 91) text = text.replace(TIME, '');
  const sign = text.charCodeAt(0);
  if (sign === 35 || sign === 58 || sign === 91)
    for (const [prefix, marker] of MARKERS)
      if (text.startsWith(prefix)) return { number, text: text.slice(prefix.length).trimEnd(), marker };
  return { number, text: text.trimEnd(), marker: 'none' };
}

/** The lines of a log, one after another. A line feed at the very end begins no further line. */
export function* linesOf(log: LogText): Generator<Line, void, undefined> {
  let number = 0;
  let carry = '';
  for (const piece of typeof log === 'string' ? [log] : log) {
    let from = 0;
    for (let to = piece.indexOf('\n'); to >= 0; to = piece.indexOf('\n', from)) {
      number += 1;
      yield lineOf(carry === '' ? piece.slice(from, to) : carry + piece.slice(from, to), number);
      carry = '';
      from = to + 1;
    }
    carry += from === 0 ? piece : piece.slice(from);
    // Only the head of an endless line is ever shown, and its end where it is written over.
    if (typeof log !== 'string' && carry.length > MAX_CARRY) carry = `${carry.slice(0, MAX_LINE)}${carry.slice(-MAX_LINE)}`;
  }
  if (carry !== '') yield lineOf(carry, number + 1);
}

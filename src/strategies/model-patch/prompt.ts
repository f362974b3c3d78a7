import { createHash } from 'node:crypto';
import { visibleText } from '../../lib/escape.ts';
import { oneLine } from '../../lib/one-line.ts';

/** One piece of evidence, as it comes from outside. */
export interface Section {
  readonly name: string;
  readonly text: string;
  /** Characters of it at most. */
  readonly cap: number;
}

/** Longer lines are left out: nobody wrote them by hand, and a cut one may hold half a secret that nothing recognises. */
const MAX_LINE = 1_000;

/** Whole lines up to a number of characters, a third from the beginning and the rest from the end. */
export function wholeLines(text: string, cap: number): string {
  const lines = text.split('\n').map((line) => (line.length > MAX_LINE ? `[a line of ${line.length} characters is left out]` : line));
  const size = (some: readonly string[]) => some.reduce((sum, line) => sum + line.length + 1, 0);
  if (size(lines) <= cap) return lines.join('\n');
  const take = (from: readonly string[], room: number): readonly string[] => {
    let left = room;
    const taken: string[] = [];
    for (const line of from) {
      left -= line.length + 1;
      if (left < 0) break;
      taken.push(line);
    }
    return taken;
  };
  const first = take(lines, Math.floor(cap / 3));
  const last = take(lines.slice(first.length).reverse(), cap - size(first)).toReversed();
  const between = lines.length - first.length - last.length;
  return [...first, `[${between} lines are left out here]`, ...last].join('\n');
}

/** The part of a long file that is around these lines (from 1), each piece under the number of its first line. */
export function around(text: string, lines: readonly number[], cap: number): string {
  const all = text.split('\n');
  if (text.length <= cap || lines.length === 0) return wholeLines(text, cap);
  const reach = Math.max(10, Math.floor(cap / (lines.length * 2 * 60)));
  const wanted = new Set(lines.flatMap((line) => Array.from({ length: 2 * reach + 1 }, (_, at) => line - reach + at)));
  const pieces: string[] = [];
  for (let at = 1; at <= all.length; at += 1) {
    if (!wanted.has(at)) continue;
    if (!wanted.has(at - 1)) pieces.push(`[from line ${at}]`);
    pieces.push(all[at - 1] ?? '');
  }
  return wholeLines(pieces.join('\n'), cap);
}

/** What both versions of a text do not share at their beginning and end. */
export function difference(before: string, after: string): string {
  const was = before.split('\n');
  const is = after.split('\n');
  let first = 0;
  while (first < Math.min(was.length, is.length) && was[first] === is[first]) first += 1;
  let last = 0;
  while (last < Math.min(was.length, is.length) - first && was.at(-1 - last) === is.at(-1 - last)) last += 1;
  const part = (lines: readonly string[], sign: string) => lines.slice(first, lines.length - last).map((line) => `${sign}${line}`);
  return [`from line ${first + 1}:`, ...part(was, '-'), ...part(is, '+')].join('\n');
}

/** A word that stands in none of the texts: who writes one of them cannot know it, because it follows from all of them. */
function fenceWord(texts: readonly string[]): string {
  for (let round = 0; ; round += 1) {
    const word = createHash('sha256')
      .update(JSON.stringify([round, texts]))
      .digest('hex')
      .slice(0, 12);
    if (texts.every((text) => !text.includes(word))) return word;
  }
}

/** Evidence as one text: each section between fences, hidden characters made visible, in order until the room is used up. */
export function evidenceText(sections: readonly Section[], room: number): string {
  let left = room;
  const shown: { name: string; text: string }[] = [];
  for (const { name, text, cap } of sections) {
    const cut = wholeLines(visibleText(text), Math.min(cap, left));
    if (cut.trim() === '') continue;
    left -= cut.length;
    shown.push({ name: oneLine(name, 250), text: cut });
  }
  const word = fenceWord(shown.flatMap(({ name, text }) => [name, text]));
  const blocks = shown.map(({ name, text }) => `<<< data ${word}: ${name}\n${text}\n>>> end ${word}`);
  return [`All data stands between lines "<<< data ${word}" and ">>> end ${word}".`, ...blocks].join('\n\n');
}

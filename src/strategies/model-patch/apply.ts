import { visibleText } from '../../lib/escape.ts';
import { oneLine } from '../../lib/one-line.ts';
import { REDACTED } from '../../lib/redact.ts';
import type { Edit, Unusable } from './edits.ts';

/** Longest file that may be given as a whole, in lines. */
export const WHOLE_FILE_LINES = 300;

/** A file that may be changed. */
export interface Editable {
  readonly path: string;
  readonly text: string;
}

/** What becomes of files; only those that differ. */
export interface Applied {
  readonly files: ReadonlyArray<{ readonly path: string; readonly text: string }>;
}

/** Places, as line numbers from 0, at which these lines stand in a file. Overlapping ones count, too. */
function places(lines: readonly string[], wanted: readonly string[]): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at + wanted.length <= lines.length; at += 1)
    if (wanted.every((line, offset) => lines[at + offset] === line)) found.push(at);
  return found;
}

/** Text in lines, and how its lines end; null where they end in different ways. */
function split(text: string): { readonly lines: readonly string[]; readonly end: string } | null {
  const windows = text.includes('\r\n');
  if (windows && /(?:^|[^\r])\n/.test(text)) return null;
  const end = windows ? '\r\n' : '\n';
  return { lines: text.split(end), end };
}

/** What a model was shown in the place of something else; whoever writes it back writes the gap. */
const GAP = /\[(?:a line of \d+ characters is left out|\d+ lines are left out here|from line \d+|not shown: [^\]]*|U\+[0-9A-F]{4,6})\]/;

/** Why these lines must not be written: what people cannot see in a change, and what stood for something that was not shown; unless it stood there before. */
function unwritable(written: readonly string[], before: readonly string[]): Unusable | null {
  const known = new Set(before);
  const fresh = written.filter((line) => !known.has(line));
  if (visibleText(fresh.join('\n')) !== fresh.join('\n'))
    return { code: 'hidden-characters', detail: 'it has characters that people cannot see' };
  if (fresh.some((line) => line.includes(REDACTED) || GAP.test(line)))
    return { code: 'gap-written', detail: 'it writes the mark of something that was not shown; leave such lines alone' };
  return null;
}

/** Applies edits in their order; each passage must stand exactly once in its file as it is by then. Nothing is applied unless all of it can be. */
export function applyEdits(edits: readonly Edit[], editable: readonly Editable[], maxBytes: number): Applied | Unusable {
  const given = new Map(editable.map((file) => [file.path, file.text]));
  const now = new Map(given);
  for (const [index, edit] of edits.entries()) {
    const which = `block ${index + 1} (${oneLine(edit.path, 200)})`;
    const text = now.get(edit.path);
    if (text === undefined) return { code: 'path-not-offered', detail: `${which}: this file was not given to be changed` };
    const file = split(text);
    if (file === null) return { code: 'mixed-line-ends', detail: `${which}: its lines end in different ways` };
    const written = edit.kind === 'whole' ? edit.lines : edit.replace;
    const no = unwritable(written, file.lines);
    if (no !== null) return { code: no.code, detail: `${which}: ${no.detail}` };
    if (edit.kind === 'whole') {
      if (file.lines.length > WHOLE_FILE_LINES)
        return { code: 'file-too-long', detail: `${which}: a file of more than ${WHOLE_FILE_LINES} lines takes SEARCH blocks only` };
      const closed = file.lines.at(-1) === '' && written.at(-1) !== '';
      now.set(edit.path, [...written, ...(closed ? [''] : [])].join(file.end));
      continue;
    }
    if (edit.search.every((line) => line.trim() === ''))
      return { code: 'empty-search', detail: `${which}: SEARCH must name lines that stand in the file` };
    const found = places(file.lines, edit.search);
    const [place] = found;
    if (place === undefined || found.length !== 1)
      return {
        code: found.length === 0 ? 'search-not-found' : 'search-ambiguous',
        detail: `${which}: its SEARCH lines stand ${found.length} times in the file, and must stand exactly once, whole and unchanged`,
      };
    now.set(edit.path, [...file.lines.slice(0, place), ...written, ...file.lines.slice(place + edit.search.length)].join(file.end));
  }
  const files = [...now].filter(([path, text]) => text !== given.get(path)).map(([path, text]) => ({ path, text }));
  if (files.length === 0) return { code: 'no-change', detail: 'the blocks change nothing' };
  const bytes = files.reduce((sum, { text }) => sum + new TextEncoder().encode(text).length, 0);
  if (bytes > maxBytes) return { code: 'too-large', detail: `the files would have ${bytes} bytes, and ${maxBytes} may be written` };
  return { files };
}

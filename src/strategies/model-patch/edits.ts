/** One edit that a model proposes: a passage to be replaced, or a whole file. */
export type Edit =
  | { readonly kind: 'replace'; readonly path: string; readonly search: readonly string[]; readonly replace: readonly string[] }
  | { readonly kind: 'whole'; readonly path: string; readonly lines: readonly string[] };

/** Why an answer is no use: a countable code, and words for whoever is asked again. */
export interface Unusable {
  readonly code: string;
  readonly detail: string;
}

/** Edits of one answer at most; a repair of more is no repair. */
const MAX_EDITS = 60;
/** Characters of an answer that are read; the longest that is asked for has a tenth of them. */
const MAX_ANSWER = 400_000;

const SEARCH = /^<{7} SEARCH$/;
const DIVIDER = /^={7}$/;
const REPLACE = /^>{7} REPLACE$/;
const WHOLE = /^<{7} WHOLE$/;
const WHOLE_END = /^>{7} WHOLE$/;
const MARKER = /^(?:<{7} (?:SEARCH|WHOLE)|>{7} (?:REPLACE|WHOLE))$/;
const FENCE = /^(?:`{3,}|~{3,})[A-Za-z0-9_+.:/-]*$/;

/** A path as models write it above a block: bare, in backticks, bold, as a heading, after `File:`. */
function pathOf(line: string): string {
  return line
    .trim()
    .replace(/^#+\s+/, '')
    .replace(/^[*`"']+|[*`"':]+$/g, '')
    .replace(/^(?:file|path)\s*:\s*/i, '')
    .replace(/^[*`"']+|[*`"':]+$/g, '')
    .trim()
    .replace(/^\.\//, '');
}

/** Lines of a whole file without a code fence around all of them; prose may begin and end with one. */
function unfenced(path: string, lines: readonly string[]): readonly string[] {
  const fenced = !/\.(?:md|mdx|rst|txt)$/i.test(path) && lines.length > 1 && FENCE.test(lines[0] ?? '') && FENCE.test(lines.at(-1) ?? '');
  return fenced ? lines.slice(1, -1) : lines;
}

/** Reads the blocks of an answer; prose and code fences around them are passed over. */
export function parseEdits(text: string): readonly Edit[] | Unusable {
  if (text.length > MAX_ANSWER) return { code: 'too-large', detail: `it has ${text.length} characters` };
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const edits: Edit[] = [];
  let path = '';
  // The nearest line above a block that is neither empty nor a fence is its path; without one it is that of the block before.
  let above = '';
  let at = 0;
  const until = (ends: RegExp): readonly string[] | null => {
    const from = at;
    while (at < lines.length && !ends.test((lines[at] ?? '').trimEnd())) {
      if (MARKER.test((lines[at] ?? '').trimEnd())) return null;
      at += 1;
    }
    if (at >= lines.length) return null;
    const taken = lines.slice(from, at);
    at += 1;
    return taken;
  };
  while (at < lines.length) {
    const line = (lines[at] ?? '').trimEnd();
    at += 1;
    const begins = SEARCH.test(line) ? 'replace' : WHOLE.test(line) ? 'whole' : null;
    if (begins === null) {
      if (MARKER.test(line)) return { code: 'unreadable-blocks', detail: `line ${at} ends a block that was not begun` };
      if (line.trim() !== '' && !FENCE.test(line.trim())) above = line;
      continue;
    }
    path = above === '' ? path : pathOf(above);
    above = '';
    const number = edits.length + 1;
    if (number > MAX_EDITS) return { code: 'too-large', detail: `there are more than ${MAX_EDITS} blocks` };
    if (path === '') return { code: 'unreadable-blocks', detail: `block ${number} has no path above it` };
    if (begins === 'whole') {
      const whole = until(WHOLE_END);
      if (whole === null) return { code: 'unreadable-blocks', detail: `block ${number} is not ended by >>>>>>> WHOLE` };
      edits.push({ kind: 'whole', path, lines: unfenced(path, whole) });
      continue;
    }
    const search = until(DIVIDER);
    const replace = search === null ? null : until(REPLACE);
    if (search === null || replace === null)
      return { code: 'unreadable-blocks', detail: `block ${number} needs a line ======= and, after it, a line >>>>>>> REPLACE` };
    edits.push({ kind: 'replace', path, search, replace });
  }
  return edits.length === 0 ? { code: 'no-blocks', detail: 'there is no block in it' } : edits;
}

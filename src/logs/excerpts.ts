import type { LogExcerpt } from '../domain/log-digest.schema.ts';
import { head } from '../lib/excerpt.ts';

/** A line that may be kept. */
export interface KeptLine {
  readonly number: number;
  readonly text: string;
}

/** Lines that are kept for one reason. */
export interface Candidate {
  readonly why: LogExcerpt['why'];
  readonly lines: readonly KeptLine[];
  readonly times: number;
}

/** The limits of a digest: bytes of all excerpts together, and how many. */
export const MAX_KEPT = 24_000;
const MAX_EXCERPTS = 60;
/** The schema's limit of one excerpt; in UTF-16 units and in bytes. */
const MAX_TEXT = 4000;

const size = (text: string) => Buffer.byteLength(text);

/** As many of the candidates as fit, the first ones first; no line twice; in the order of the log. */
export function chosen(candidates: readonly Candidate[]): readonly LogExcerpt[] {
  const taken = new Set<number>();
  const excerpts: LogExcerpt[] = [];
  let left = MAX_KEPT;
  for (const { why, lines, times } of candidates) {
    if (excerpts.length >= MAX_EXCERPTS || left < 200) break;
    const fresh = lines.filter(({ number, text }) => !taken.has(number) && text !== '');
    for (const run of runs(fresh)) {
      const [first] = run;
      if (first === undefined || excerpts.length >= MAX_EXCERPTS || left < 200) break;
      const text = head(run.map((line) => line.text).join('\n'), Math.min(left, MAX_TEXT));
      for (const { number } of run) taken.add(number);
      left -= size(text);
      excerpts.push({ why, from: first.number, text, times });
    }
  }
  return excerpts.sort((one, other) => one.from - other.from);
}

/** Lines that follow one another stay together; blank ones between them do not part them. */
function runs(lines: readonly KeptLine[]): readonly (readonly KeptLine[])[] {
  const found: KeptLine[][] = [];
  let bytes = 0;
  for (const line of lines) {
    const last = found.at(-1);
    const near = last !== undefined && line.number - (last.at(-1)?.number ?? 0) <= 2;
    bytes += size(line.text) + 1;
    if (last !== undefined && near && bytes <= MAX_TEXT) last.push(line);
    else {
      found.push([line]);
      bytes = size(line.text) + 1;
    }
  }
  return found;
}

import { templateKey } from '../domain/template.ts';
import type { Candidate, KeptLine } from './excerpts.ts';
import { type Line, type LogText, linesOf } from './lines.ts';

/** Templates that are told apart; what comes after counts as seen for the first time. */
const MAX_TEMPLATES = 200_000;
/** What speaks of failure, in any language that tools speak. */
const ERROR =
  /error|fail|exception|panic|fatal|traceback|cannot|could not|denied|refused|unable|undefined|not found|mismatch|missing|assert|expected|✖|✗|×|●|not ok|aborted|killed/i;
/** The same words where they say that nothing failed. */
const HARMLESS =
  /\b(?:0|[Nn]o) (?:[Ee]rrors?|[Ff]ailures?|[Ff]ailed|[Pp]roblems?)\b|\b(?:[Ee]rrors?|[Ff]ailures?|[Ff]ailed): ?0\b|^\s*(?:✓|✔|ok \d|PASS\b|--- PASS)| PASSED\b/;
/** A new command: `$ npm test`, `> app@1.0.0 test`, GitLab's sections. */
const ECHO = /^(?:\$ \S|> \S+@\S+ \S+|section_start:\d+:|\[\d+\/\d+\] (?:RUN|CMD) )/;
/** GitHub's own steps come as groups of this name; other groups are within a step. */
const RUN = /^Run \S/;

const BEFORE = 2;
const AFTER = 6;
const MAX_TEXT = 400;
/** Windows that are kept of each kind, from the beginning and from the end each: the cause is told first, or last. */
const MAX_WINDOWS = 24;
const STEP_HEAD = 6;
const STEP_TAIL = 36;
const TAIL = 20;

interface Window {
  readonly lead: number;
  readonly lines: KeptLine[];
}

/** The first and the last of many. */
class Ends<T> {
  readonly #first: T[] = [];
  readonly #last: T[] = [];
  readonly #firsts: number;
  readonly #lasts: number;

  constructor(firsts: number, lasts: number) {
    this.#firsts = firsts;
    this.#lasts = lasts;
  }

  add(each: T): void {
    if (this.#first.length < this.#firsts) this.#first.push(each);
    else {
      this.#last.push(each);
      // Shifting one by one would be slow; so many at a time cost nothing.
      if (this.#last.length >= 2 * this.#lasts + 16) this.#last.splice(0, this.#last.length - this.#lasts);
    }
  }

  all(): readonly T[] {
    return [...this.#first, ...this.#last.slice(-this.#lasts)];
  }
}

/** Tells the template of a line, and whether the line speaks of failure: `0 failed` and `3 failed` have one template and are not the same. */
class Judge {
  /** The words of a template are the words of its lines, so they are looked at once. */
  readonly #speaks = new Map<number, boolean>();

  judge(text: string): { readonly key: number; readonly speaks: boolean } {
    const template = templateKey(text);
    let words = this.#speaks.get(template);
    if (words === undefined) {
      words = ERROR.test(text);
      if (this.#speaks.size < MAX_TEMPLATES) this.#speaks.set(template, words);
    }
    const speaks = words && !HARMLESS.test(text);
    return { key: speaks ? template + 0.5 : template, speaks };
  }
}

/** Templates of a log's lines. */
export function templatesOf(log: LogText): ReadonlySet<number> {
  const templates = new Set<number>();
  const judge = new Judge();
  for (const { text } of linesOf(log)) {
    if (templates.size >= MAX_TEMPLATES) break;
    if (text !== '') templates.add(judge.judge(text).key);
  }
  return templates;
}

/** Chooses lines as they pass by. Its memory does not grow with the log beyond its limits. */
export class Reducer {
  readonly #green: ReadonlySet<number> | null;
  readonly #judge = new Judge();
  readonly #times = new Map<number, number>();
  readonly #errors = new Ends<Window>(MAX_WINDOWS, MAX_WINDOWS);
  readonly #news = new Ends<Window>(MAX_WINDOWS, MAX_WINDOWS);
  readonly #tail = new Ends<KeptLine>(0, TAIL);
  #step = new Ends<KeptLine>(STEP_HEAD, STEP_TAIL);
  #before: KeptLine[] = [];
  #open: Window | null = null;
  #room = 0;
  #failed = false;
  #ended = false;

  constructor(green: ReadonlySet<number> | null) {
    this.#green = green;
  }

  /** Takes a line; says how often its template came before, and whether the green log has it. */
  line({ number, text, marker }: Line): { readonly times: number; readonly green: boolean } {
    const kept: KeptLine = { number, text: text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text };
    this.#follow(kept, marker);
    if (text === '') return { times: 0, green: true };
    const { key, speaks } = this.#judge.judge(text);
    const times = this.#times.get(key) ?? 0;
    if (times > 0 || this.#times.size < MAX_TEMPLATES) this.#times.set(key, times + 1);
    const green = this.#green?.has(key) ?? false;
    this.#choose(kept, key, times === 0 && !green, speaks || marker === 'error');
    this.#before.push(kept);
    if (this.#before.length > BEFORE) this.#before.shift();
    return { times, green };
  }

  /** What may be kept, the most telling first. */
  candidates(): readonly Candidate[] {
    const times = (lead: number) => this.#times.get(lead) ?? 1;
    const windows = (all: readonly Window[], why: Candidate['why']) =>
      all.map(({ lead, lines }): Candidate => ({ why, lines, times: times(lead) }));
    const errors = windows(this.#errors.all(), this.#green === null ? 'error' : 'new');
    const half = Math.ceil(errors.length / 2);
    return [
      // The last error, then the first one, and so on towards the middle.
      ...errors
        .slice(half)
        .reverse()
        .flatMap((late, at) => [late, errors[at]])
        .filter((each) => each !== undefined),
      ...(errors.length % 2 === 1 ? errors.slice(half - 1, half) : []),
      { why: 'step', lines: this.#step.all(), times: 1 },
      ...windows(this.#news.all(), 'new'),
      { why: 'tail', lines: this.#tail.all(), times: 1 },
    ];
  }

  /** Keeps the lines of the step that failed, and the end of the log. */
  #follow(line: KeptLine, marker: Line['marker']): void {
    const begins = (marker === 'group' && RUN.test(line.text)) || (marker === 'none' && ECHO.test(line.text));
    // What runs after the step that failed only tidies up.
    if (begins && this.#failed) this.#ended = true;
    else if (begins) this.#step = new Ends(STEP_HEAD, STEP_TAIL);
    if (marker === 'error') this.#failed = true;
    if (line.text === '') return;
    if (!this.#ended && line.text !== 'Post job cleanup.') this.#step.add(line);
    else this.#ended = true;
    this.#tail.add(line);
  }

  #choose(line: KeptLine, key: number, fresh: boolean, speaks: boolean): void {
    if (fresh && speaks) {
      if (this.#open === null || this.#room === 0) {
        this.#open = { lead: key, lines: [...this.#before] };
        this.#errors.add(this.#open);
      }
      this.#room = AFTER;
      this.#extend(line);
    } else if (this.#open !== null && this.#room > 0) {
      this.#room -= 1;
      this.#extend(line);
    } else {
      this.#open = null;
      if (fresh && this.#green !== null) this.#news.add({ lead: key, lines: [line] });
    }
  }

  #extend(line: KeptLine): void {
    if (this.#open === null) return;
    this.#open.lines.push(line);
    // One endless run of errors is as many windows as any other.
    if (this.#open.lines.length >= 24) this.#room = 0;
  }
}

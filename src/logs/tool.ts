import type { FailureClass } from '../domain/diagnosis.schema.ts';

/** A line and what stands round it. */
export interface View {
  readonly text: string;
  /** The last line before it that is not indented: tools put the file's name there. */
  readonly heading: string;
  /** Another line by its distance, at most 8 either way; empty beyond the log. */
  near(offset: number): string;
  /** The command that printed this; empty where nobody knows. */
  readonly command: string;
  /** Paths of the repository that changed since green. */
  readonly paths: readonly string[];
}

/** What a tool says in one line; its path as it is printed. */
export interface Found {
  readonly class?: FailureClass;
  readonly tool?: string;
  readonly path?: string | undefined;
  readonly line?: number | undefined;
  readonly rule?: string | undefined;
  readonly message: string;
  /** Complains, but does not fail for it by itself: counts only where nothing else complains. */
  readonly warning?: boolean;
}

/** One tool's way to complain. Patterns are anchored and free of nested repetition: the text is whoever's. */
export interface Tool {
  readonly id: string;
  /** What its complaints speak for, unless one says otherwise. */
  readonly class: FailureClass;
  read(view: View): Found | null;
}

const LOCATED = /^([^\s:'"()[\]][^:'"]*):(\d{1,7})(?::(\d{1,7}))?:? ?(.*)$/;

/** `path:line[:column]: rest`, as most tools print it; null for other lines. */
export function located(text: string, ext?: RegExp): { readonly path: string; readonly line: number; readonly rest: string } | null {
  const [, path, line, , rest] = LOCATED.exec(text) ?? [];
  if (path === undefined || line === undefined || rest === undefined || !(ext ?? /\.\w{1,8}$/).test(path)) return null;
  return { path, line: Number(line), rest };
}

/** Text and the word in brackets or parentheses at its end: `message [rule]`, `message (rule)`. */
export function ruleAtEnd(text: string, open: '[' | '('): { readonly message: string; readonly rule: string | undefined } {
  const close = open === '[' ? ']' : ')';
  const at = text.endsWith(close) ? text.lastIndexOf(open) : -1;
  const rule = at <= 0 ? '' : text.slice(at + 1, -1);
  return /^[\w./@:-]{1,100}$/.test(rule) ? { message: text.slice(0, at).trim(), rule } : { message: text, rule: undefined };
}

/** The first group of the first of the next lines that fits. */
export function following(view: View, pattern: RegExp, lines = 8): RegExpExecArray | null {
  for (let offset = 1; offset <= lines; offset += 1) {
    const match = pattern.exec(view.near(offset));
    if (match !== null) return match;
  }
  return null;
}

/** Phrases that name a cause wherever they stand in a line, with the word that they are known by. */
export type Phrases = ReadonlyArray<readonly [RegExp, rule: string]>;

/** The first phrase that a line holds. */
export function phrase(text: string, phrases: Phrases): { readonly rule: string; readonly message: string } | null {
  for (const [pattern, rule] of phrases) if (pattern.test(text)) return { rule, message: text.trim() };
  return null;
}

/** Languages that recipes know. */
export type Language = 'javascript' | 'python' | 'go' | 'java' | 'rust' | 'ruby';

interface Quote {
  readonly open: string;
  readonly close: string;
  readonly escapes: boolean;
  /** It may go over several lines: without its end, nothing after it is certain. */
  readonly lines: boolean;
  /** It stays as it is apart from its inside; comments go as a whole. */
  readonly comment?: true;
}

const comment = (open: string, close: string): Quote => ({ open, close, escapes: false, lines: close !== '\n', comment: true });
const text = (mark: string, lines = false, escapes = true): Quote => ({ open: mark, close: mark, escapes, lines });
const C_LIKE = [comment('//', '\n'), comment('/*', '*/')];

/** Longer openings first. */
const QUOTES: Readonly<Record<Language, readonly Quote[]>> = {
  javascript: [...C_LIKE, text('`', true), text('"'), text("'")],
  python: [comment('#', '\n'), text('"""', true), text("'''", true), text('"'), text("'")],
  go: [...C_LIKE, text('`', true, false), text('"'), text("'")],
  java: [...C_LIKE, text('"""', true), text('"'), text("'")],
  // A lone ' begins a lifetime as often as a character, which the pattern below knows.
  rust: [...C_LIKE, text('"', true)],
  ruby: [comment('#', '\n'), text('"', true), text("'", true)],
};
const RUST_CHARACTER = /^'(?:\\.|[^\\'\n])'/;

/** The same text, as long, with blanks for comments and for what stands in quotes, so that only code is left; null where quotes do not end. */
export function codeOnly(source: string, language: Language): string | null {
  const quotes = QUOTES[language];
  let code = '';
  let at = 0;
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  while (at < source.length) {
    const character = language === 'rust' ? RUST_CHARACTER.exec(source.slice(at, at + 4))?.[0] : undefined;
    if (character !== undefined) {
      code += blank(character);
      at += character.length;
      continue;
    }
    const quote = quotes.find(({ open }) => source.startsWith(open, at));
    if (quote === undefined) {
      code += source[at] ?? '';
      at += 1;
      continue;
    }
    let end = at + quote.open.length;
    while (end < source.length && !source.startsWith(quote.close, end)) {
      if (!quote.lines && source[end] === '\n') break;
      end += quote.escapes && source[end] === '\\' ? 2 : 1;
    }
    if (end >= source.length && quote.lines) return null;
    const closed = source.startsWith(quote.close, end) && quote.close !== '\n';
    const stop = Math.min(source.length, closed ? end + quote.close.length : end);
    code += blank(source.slice(at, stop));
    at = stop;
  }
  return code;
}

const HASH =
  /\.(?:pyi?|rb|sh|bash|zsh|ya?ml|toml|ini|cfg|conf|pl|r|ex|exs|mk|tf|properties|env|coffee)$|(?:^|\/)(?:GNUm|[Mm])akefile$|(?:^|\/)(?:Dockerfile|Gemfile|Rakefile|justfile)\b/;
const SLASHES = /\.(?:[cm]?[jt]sx?|go|java|kts?|rs|c|cc|cpp|h|hpp|cs|swift|scala|php|dart|groovy|gradle|vue|svelte)$/;
const PROSE = /\.(?:md|mdx|markdown|rst|adoc|txt|html?)$|(?:^|\/)(?:CHANGELOG|README|LICENSE|NOTICE|AUTHORS)[^/]*$/i;

/** Text for people: only what is hidden in it counts. */
export const isProse = (path: string): boolean => PROSE.test(path);

/** A program or a test, in one of the known languages. */
export const isCode = (path: string): boolean => SLASHES.test(path) || /\.(?:pyi?|rb|sh|bash|pl|exs?)$/.test(path);

/** Whether comments of this file start with a hash. */
export const hashComments = (path: string): boolean => HASH.test(path);

/** One trimmed line without its comment; quotes are honoured, blocks of several lines are known by their leading star. */
export function withoutComment(path: string, text: string): string {
  const hash = HASH.test(path);
  const slashes = SLASHES.test(path);
  if (slashes && /^(?:\*(?!\w)|\/\*[^]*\*\/$)/.test(text)) return '';
  // What builds read from a comment is no comment.
  if (slashes && /^\/\/(?:go:|\s*\+build)/.test(text)) return text;
  if (!hash && !slashes) return text;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '\\') at += 1;
    else if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === '`' || (letter === "'" && closes(text, at))) quote = letter;
    else if (hash && letter === '#' && (at === 0 || /[\s;{]/.test(text[at - 1] ?? ''))) return text.slice(0, at).trimEnd();
    else if (slashes && letter === '/' && text[at + 1] === '/') return text.slice(0, at).trimEnd();
  }
  return text;
}

/** An apostrophe opens a text only where another one follows: lifetimes in Rust have none. */
function closes(text: string, at: number): boolean {
  return text.indexOf("'", at + 1) > 0;
}

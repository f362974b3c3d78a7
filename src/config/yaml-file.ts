import { isMap, isNode, LineCounter, parseDocument } from 'yaml';

/** One problem of a file written by hand: where and what, with the way out. */
export interface Problem {
  /** 1-based; null when the problem has no place of its own. */
  readonly line: number | null;
  /** Dotted path of the field; empty for the whole file. */
  readonly field: string;
  readonly text: string;
}

/** Line of the value at a path, or of one of its keys; the nearest parent's when it does not exist. */
export type LineOf = (path: readonly PropertyKey[], key?: string) => number | null;

/** A YAML text as plain data, or why it cannot be read. */
export type YamlText =
  | { readonly ok: true; readonly raw: unknown; readonly lineOf: LineOf }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Largest accepted file, 64 kB: a policy or configuration is written by hand. */
const MAX_BYTES = 65_536;

/** How often one file may expand its aliases: a bomb of aliases grows without end. */
const MAX_ALIASES = 20;

/** Read a YAML text of one document: string keys, no tags, no key twice, few aliases. Never throws. */
export function readYaml(text: string): YamlText {
  const whole = (reason: string): YamlText => ({ ok: false, problems: [{ line: null, field: '', text: reason }] });
  if (Buffer.byteLength(text) > MAX_BYTES) return whole(`the file is larger than ${MAX_BYTES} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true, logLevel: 'error' });
  const lineAt = (offset: number | undefined) => (offset === undefined ? null : lines.linePos(offset).line);
  // Warnings are unknown tags, which would silently become plain text.
  const complaints = [...document.errors, ...document.warnings];
  if (complaints.length > 0) {
    const problems = complaints.map(
      (each): Problem => ({
        line: lineAt(each.pos[0]),
        field: '',
        text: (each.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').slice(0, 200),
      }),
    );
    return { ok: false, problems };
  }
  const lineOf: LineOf = (path, key) => {
    const node = path.length === 0 ? document.contents : document.getIn(path.map(String), true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      if (isNode(pair?.key)) return lineAt(pair.key.range?.[0]);
    }
    if (isNode(node)) return lineAt(node.range?.[0]);
    return path.length === 0 ? null : lineOf(path.slice(0, -1));
  };
  try {
    return { ok: true, raw: document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}, lineOf };
  } catch (error) {
    return whole(error instanceof Error ? error.message.slice(0, 200) : 'the file cannot be read');
  }
}

/** Where an added line stands. */
export interface Scope {
  /** Something that is added as a whole is around it. */
  readonly isNew: boolean;
  /** Nothing is around it. */
  readonly outermost: boolean;
  /** Whether what is around it defines the name a second time. */
  readonly siblings: (name: string) => boolean;
}

const OPENS = /[{([:]$|\bdo(?:\s*\|[^|]*\|)?$|=>$|^(?:class|def|module|describe|context|it)\b[^{}]*$/;

const DEFINED = /\b(?:def|function|fn|func|void|class)\s+([\w$]+)/;

function width(raw: string): number {
  return raw.replaceAll('\t', '        ').search(/\S/);
}

/** Scopes by indentation, as formatted code has it; what is not indented counts as outermost. */
export function scopesOf(source: string, added: ReadonlySet<number>): (line: number) => Scope {
  const rows = source.split('\n');
  const widths = rows.map(width);
  const openers: Array<readonly number[]> = [];
  let around: number[] = [];
  for (const [index, own] of widths.entries()) {
    if (own >= 0) around = around.filter((row) => (widths[row] ?? 0) < own);
    openers.push(around);
    if (own >= 0 && OPENS.test((rows[index] ?? '').trim())) around = [...around, index].slice(-40);
  }
  const defined = new Map<string, number>();
  const named = (index: number, name: string) => `${openers[index]?.at(-1) ?? -1}/${name}`;
  for (const [index, row] of rows.entries()) {
    const name = DEFINED.exec(row.slice(0, 500))?.[1];
    if (name !== undefined) defined.set(named(index, name), (defined.get(named(index, name)) ?? 0) + 1);
  }
  return (line) => {
    const outer = openers[line - 1] ?? [];
    return {
      isNew: outer.some((row) => added.has(row + 1)),
      outermost: (widths[line - 1] ?? 0) <= 0,
      siblings: (name) => (defined.get(named(line - 1, name)) ?? 0) > 1,
    };
  };
}

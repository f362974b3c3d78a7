import { addedLines, type GateFile, removedLines } from './lines.ts';

const COMMENT = /\s{0,20}(?:#|\/\/|\/\*|<!--).*$/;

/** Whether an added line only silences a check on code that stood there before, or on what follows. */
export function silencing(file: GateFile): (line: number | undefined) => boolean {
  const bare = new Set(removedLines(file).map((removed) => removed.replace(COMMENT, '')));
  const added = new Map(addedLines(file).map(({ line, text }) => [line, text.replace(COMMENT, '')]));
  return (line) => {
    const code = line === undefined ? undefined : added.get(line);
    return code === '' || (code !== undefined && bare.has(code));
  };
}

import { addedLines, type GateFile, removedLines } from './lines.ts';

const COMMENT = /\s{0,20}(?:#|\/\/|\/\*|<!--).*$/;

/** Whether an added line only silences a check on code that stood there before, or on what follows. */
export function onlySilences(file: GateFile, line: number | undefined): boolean {
  const code = addedLines(file)
    .find((added) => added.line === line)
    ?.text.replace(COMMENT, '');
  return code === '' || removedLines(file).some((removed) => removed.replace(COMMENT, '') === code);
}

import type { GateFinding } from '../../proof.schema.ts';
import { withoutComment } from './comments.ts';
import { addedLines, type GateFile } from './lines.ts';
import { type Candidate, candidatesIn } from './test-values.ts';

/** Code that knows the values of a test which nothing else in the program knows: the test's own input, special-cased. */
export function specialCaseFindings(
  file: GateFile,
  known: (candidates: readonly Candidate[]) => ReadonlySet<Candidate>,
): readonly GateFinding[] {
  const rows = (file.after ?? '').split('\n').map((row) => row.trim());
  const before = (file.before ?? '').toLowerCase();
  const found = addedLines(file).flatMap(({ line, text }) =>
    candidatesIn(withoutComment(file.path, text), rows[line] ?? '', rows[line - 2] ?? '').map((candidate) => ({ line, candidate })),
  );
  const asked = found.slice(0, 5000);
  const hits = known(asked.map(({ candidate }) => candidate));
  const stood = new Map<string, boolean>();
  const stoodBefore = (value: string): boolean => {
    const known = stood.get(value) ?? before.includes(value);
    stood.set(value, known);
    return known;
  };
  const lines = new Set<number>();
  for (const { line, candidate } of asked) {
    if (hits.has(candidate) && (candidate.numeric || candidate.values.every((value) => !stoodBefore(value)))) lines.add(line);
  }
  return [...lines].map((line) => ({
    code: 'test-input-special-cased',
    path: file.path,
    line,
    detail: 'the code branches on a value that only a test knows',
  }));
}

/** One changed file as the gate sees it; null text: absent, or not text. */
export interface GateFile {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly binary: boolean;
}

/** A line that the change adds, with its 1-based number in the new file. */
export interface AddedLine {
  readonly line: number;
  readonly text: string;
}

function counts(text: string | null): Map<string, number> {
  const lines = new Map<string, number>();
  for (const line of (text ?? '').split('\n')) {
    const key = line.trim();
    if (key !== '') lines.set(key, (lines.get(key) ?? 0) + 1);
  }
  return lines;
}

/** Lines in the new file that the old one does not have (as a multiset, so moved lines are not "added"). */
export function addedLines(file: GateFile): readonly AddedLine[] {
  const left = counts(file.before);
  const added: AddedLine[] = [];
  for (const [index, raw] of (file.after ?? '').split('\n').entries()) {
    const text = raw.trim();
    if (text === '') continue;
    const known = left.get(text) ?? 0;
    if (known > 0) left.set(text, known - 1);
    else added.push({ line: index + 1, text });
  }
  return added;
}

/** Lines that the change removes. */
export function removedLines(file: GateFile): readonly string[] {
  const left = counts(file.after);
  const removed: string[] = [];
  for (const raw of (file.before ?? '').split('\n')) {
    const text = raw.trim();
    if (text === '') continue;
    const known = left.get(text) ?? 0;
    if (known > 0) left.set(text, known - 1);
    else removed.push(text);
  }
  return removed;
}

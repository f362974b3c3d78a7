/**
 * Whether a path matches a glob: `?` one character, `*` any run without `/`, `**` any run of folders. Runs in time proportional to
 * pattern times path whatever the pattern, because patterns come from repositories.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  return matchParts(pattern.split('/'), path.split('/'));
}

function matchParts(pattern: readonly string[], parts: readonly string[]): boolean {
  let row: boolean[] = parts.map(() => false);
  row = [true, ...row];
  for (const piece of pattern) {
    const next: boolean[] = row.map(() => false);
    if (piece === '**') {
      let seen = false;
      row.forEach((reached, index) => {
        seen = seen || reached;
        next[index] = seen;
      });
    } else {
      parts.forEach((part, index) => {
        next[index + 1] = (row[index] ?? false) && matchPart(piece, part);
      });
    }
    row = next;
  }
  return row[parts.length] ?? false;
}

/** Wildcards within one segment, by the two-pointer method: at most one restart per `*`. */
function matchPart(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') {
    p += 1;
  }
  return p === pattern.length;
}

/**
 * Whether a repository path matches a glob as a whole: `?` one character, `*` any run without `/`, `**` between slashes any run of folders
 * (at the end: everything below). Dot files match like any other. Time is proportional to pattern times path whatever the pattern,
 * because patterns come from repositories.
 */
export function matchesWhole(path: string, glob: string): boolean {
  const parts = path.split('/');
  const pieces = glob.split('/');
  // reached[n]: the pieces so far can match the first n parts.
  let reached: readonly boolean[] = [true, ...parts.map(() => false)];
  for (const [index, piece] of pieces.entries()) {
    reached = piece === '**' ? afterFolders(reached, index === pieces.length - 1) : afterPiece(reached, piece, parts);
  }
  return reached[parts.length] ?? false;
}

/** Like `matchesWhole`, but a leading slash means nothing and a glob without a slash matches in every folder. */
export function matchesGlob(path: string, glob: string): boolean {
  return matchesWhole(path, glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`);
}

/** Whether a path matches one of the globs. */
export function matchesAny(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(path, glob));
}

function afterFolders(reached: readonly boolean[], last: boolean): readonly boolean[] {
  let seen = false;
  return reached.map((here) => {
    const before = seen;
    seen ||= here;
    return last ? before : seen;
  });
}

function afterPiece(reached: readonly boolean[], piece: string, parts: readonly string[]): readonly boolean[] {
  return [false, ...parts.map((part, index) => (reached[index] ?? false) && matchesPart(piece, part))];
}

/** Wildcards within one segment, by the two-pointer method: at most one restart per `*`. */
function matchesPart(pattern: string, text: string): boolean {
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

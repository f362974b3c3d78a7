const PATH = /(?:[\w.@-]+\/)*[\w@-][\w.@-]*\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|php|cs)(?![\w/])/;

/** The file that a test's name tells, where it tells one. */
export function pathOfTest(name: string): string | null {
  return PATH.exec(name)?.[0] ?? null;
}

/** What a file is about, by its name: lower case letters and digits, without what only says that it holds tests. */
export function stemOf(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\..*$/, '')
    .replace(/^test_|_(?:test|spec)$|(?:Tests?|IT|Spec)$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

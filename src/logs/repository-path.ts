/** Where checks run: sandboxes of ours, and the usual places of the forges' runners. */
const ROOT =
  /^(?:\/workspace|\/github\/workspace|\/(?:__w|home\/runner\/work|Users\/runner\/work)\/[^/]+\/[^/]+|\/builds\/[^/]+\/[^/]+|\/runner\/_work\/[^/]+\/[^/]+)\//;
/** Code that is not the repository's, wherever it lies. */
const FOREIGN = /(?:^|\/)(?:node_modules|site-packages|dist-packages|\.cargo|\.rustup|rustc|\.m2|\.gradle|\.pyenv|\.venv|venv|pkg\/mod)\//;
const NAME = /^(?:[\w@+([.][\w@+()[\]. ,~=-]*\/)*[\w@+([.][\w@+()[\]. ,~=-]*$/;

/** Makes of a path that a log names one within the repository; undefined where it is none, or nobody can tell. */
export type RepositoryPath = (raw: string) => string | undefined;

/** Reads paths of one log. `known` are paths of the repository: an absolute path that ends in one of them tells where the repository lay. */
export function repositoryPaths(known: readonly string[]): RepositoryPath {
  const bySuffix = new Set(known);
  /** Roots that a known path gave away. */
  const roots = new Set<string>();
  function within(absolute: string): string | undefined {
    const standard = ROOT.exec(absolute)?.[0];
    if (standard !== undefined) return absolute.slice(standard.length);
    for (const root of roots) if (absolute.startsWith(root)) return absolute.slice(root.length);
    for (let at = absolute.indexOf('/', 1); at > 0; at = absolute.indexOf('/', at + 1)) {
      if (!bySuffix.has(absolute.slice(at + 1))) continue;
      if (roots.size < 8) roots.add(absolute.slice(0, at + 1));
      return absolute.slice(at + 1);
    }
    return undefined;
  }
  return (raw) => {
    if (raw.length > 600) return undefined;
    let path = raw.replaceAll('\\', '/').replace(/^(?:file:\/\/|webpack:\/\/\/?)/, '');
    if (path.startsWith('/')) {
      const inside = within(path);
      if (inside === undefined) return undefined;
      path = inside;
    }
    while (path.startsWith('./')) path = path.slice(2);
    if (path === '' || path.length > 300 || FOREIGN.test(`/${path}`) || !NAME.test(path)) return undefined;
    const parts = path.split('/');
    return parts.some((part) => part === '..' || part === '.' || part === '.git') ? undefined : path;
  };
}

const compiled = new Map<string, RegExp>();

function compile(glob: string): RegExp {
  let source = '';
  for (let index = 0; index < glob.length; index++) {
    const character = glob[index] ?? '';
    if (character === '*' && glob[index + 1] === '*') {
      // `**/` matches any number of folders, none included.
      index++;
      if (glob[index + 1] === '/') {
        index++;
        source += '(?:[^/]+/)*';
      } else source += '.*';
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else source += character.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

/** Whether a repository path matches a glob of `*`, `?` and `**`; dot files match like any other, and a glob without a slash matches in every folder. */
export function matchesGlob(path: string, glob: string): boolean {
  let pattern = compiled.get(glob);
  if (pattern === undefined) {
    pattern = compile(glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`);
    if (compiled.size > 1000) compiled.clear();
    compiled.set(glob, pattern);
  }
  return pattern.test(path);
}

/** Whether a path matches one of the globs. */
export function matchesAny(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(path, glob));
}

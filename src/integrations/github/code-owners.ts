import { posix } from 'node:path';
import ignore from 'ignore';

/** Places where GitHub looks for the file, the first one that exists counts ("About code owners"). */
export const CODE_OWNERS_PATHS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const;

/** GitHub does not load a larger file ("About code owners": 3 MB). */
export const MAX_CODE_OWNERS = 3 * 1024 ** 2;

const MAX_RULES = 5_000;
const LOGIN = /^@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))$/;
const TEAM = /^@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))\/([A-Za-z0-9._-]{1,100})$/;

interface Rule {
  readonly matches: (path: string) => boolean;
  readonly owners: readonly string[];
}

/** Words of one line: blanks in a pattern are escaped by a backslash, a `#` begins a comment. */
function wordsOf(line: string): readonly string[] {
  const code = line.replace(/(^|\s)#.*$/, '').trim();
  return code.match(/(?:\\.|[^\s\\])+/g) ?? [];
}

/** Rules of a file; what GitHub does not know (negation, ranges of characters) is left out, as GitHub does. */
function rulesOf(text: string): readonly Rule[] {
  return text
    .split(/\r?\n/)
    .map(wordsOf)
    .filter(([pattern]) => pattern !== undefined && !/^!|[[\]]/.test(pattern))
    .slice(0, MAX_RULES)
    .map(([pattern = '', ...owners]) => ({ matches: matcher(pattern), owners }));
}

/** As in `.gitignore`, but a pattern that ends in `/*` means the files of that very folder (GitHub's own example). */
function matcher(pattern: string): Rule['matches'] {
  const rule = ignore({ ignorecase: false }).add(pattern);
  if (!/[^*]\/\*$/.test(pattern)) return (path) => rule.ignores(path);
  return (path) => rule.ignores(path) && !rule.ignores(posix.dirname(path));
}

/** People and teams of this owner's organisation who own one of the paths; of the rules that match a path the last one counts, also when it names nobody. E-mail addresses are left out: nobody can be asked by them. */
export function codeOwners(
  text: string,
  paths: readonly string[],
  organization: string,
): { readonly users: readonly string[]; readonly teams: readonly string[] } {
  const rules = rulesOf(text);
  const users = new Set<string>();
  const teams = new Set<string>();
  for (const path of paths) {
    const rule = rules.findLast((each) => each.matches(path));
    for (const owner of rule?.owners ?? []) {
      const login = LOGIN.exec(owner)?.[1];
      if (login !== undefined) users.add(login);
      const [, org, team] = TEAM.exec(owner) ?? [];
      if (team !== undefined && org?.toLowerCase() === organization.toLowerCase()) teams.add(team);
    }
  }
  return { users: [...users], teams: [...teams] };
}

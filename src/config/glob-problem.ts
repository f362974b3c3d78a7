/** More wildcards than this make matching slow on odd paths: `**` in a pattern, `*` in a segment. */
const MAX_STARS = 3;

/** Why a path pattern of the policy would not do what its writer expects, with the way out; null when it is fine. The language is `*`, `?` and `**`. */
export function globProblem(glob: string): string | null {
  const segments = glob.replace(/^\//, '').split('/');
  if (/[\u0000-\u001f\u007f\\]/.test(glob)) return 'backslashes and control characters never match; separate folders with `/`';
  if (glob.startsWith('!')) return 'patterns cannot be negated; list what is meant';
  if (/\{[^}]*,[^}]*\}|[!?*+@]\(|\[(?:[!^]|\w-\w)/.test(glob))
    return 'only `*`, `?` and `**` are understood; write one pattern for each alternative';
  if (glob.endsWith('/')) return `matches no file; write \`${glob}**\` for everything below the folder`;
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return 'paths are relative to the repository, without `.`, `..` or empty parts';
  if (segments.some((segment) => segment !== '**' && segment.includes('**')))
    return '`**` stands for folders, between slashes; write `src/**/*.py` for every such file below a folder';
  const deep = glob.split('**').length - 1;
  if (deep > MAX_STARS || segments.some((segment) => segment !== '**' && segment.split('*').length - 1 > MAX_STARS)) {
    return `has too many wildcards: at most ${MAX_STARS} \`**\`, and ${MAX_STARS} \`*\` between two slashes`;
  }
  return null;
}

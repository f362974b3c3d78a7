import { matchesWhole } from '../../domain/glob.ts';

/** Where forges look for owners, in their order. */
export const OWNER_FILES: readonly string[] = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'];
/** Lines that are read at most. */
const MAX_LINES = 2000;

function fits(path: string, pattern: string): boolean {
  const rooted = pattern.replace(/^\//, '');
  const anywhere = pattern.startsWith('/') || rooted.replace(/\/$/, '').includes('/') ? '' : '**/';
  if (rooted.endsWith('/')) return matchesWhole(path, `${anywhere}${rooted}**`);
  return matchesWhole(path, `${anywhere}${rooted}`) || (!rooted.includes('*') && matchesWhole(path, `${anywhere}${rooted}/**`));
}

/** The first owner of a path by a CODEOWNERS file, where the last rule that fits counts; null when nobody owns it. A path that is not known is owned by who owns everything. */
export function ownerOf(codeowners: string, path: string | null): string | null {
  let owner: string | null = null;
  for (const line of codeowners.split('\n', MAX_LINES)) {
    const [pattern = '', first] = line
      .replace(/(?:^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    if (pattern === '' || pattern.startsWith('[')) continue;
    if (path === null ? pattern === '*' : fits(path, pattern)) owner = first === undefined ? null : first.slice(0, 200);
  }
  return owner;
}

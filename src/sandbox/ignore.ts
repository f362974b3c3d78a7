import { matchesWhole } from '../domain/glob.ts';

/** Folders that tools fill and nobody means to commit; new files below them are no changes unless the base tracks files there. */
export const TOOL_FOLDERS = [
  'node_modules',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  '.venv',
  '.gradle',
  '.nyc_output',
  'coverage',
  'target',
  'dist',
  'build',
] as const;

interface Rule {
  readonly pattern: string;
  readonly negated: boolean;
  readonly folderOnly: boolean;
}

/** The rules of a `.gitignore` in the root folder; character classes are taken literally, which ignores less, never more. */
export function parseIgnore(text: string): (path: string) => boolean {
  const rules: Rule[] = text
    .split('\n')
    .slice(0, 2000)
    .map((line) => line.replace(/\r$/, '').replace(/(?<! ) +$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#') && line.length <= 500)
    .map((line) => {
      const negated = line.startsWith('!');
      const body = negated ? line.slice(1) : line;
      const folderOnly = body.endsWith('/');
      const bare = folderOnly ? body.slice(0, -1) : body;
      const anchored = bare.includes('/');
      return { pattern: anchored ? bare.replace(/^\//, '') : `**/${bare}`, negated, folderOnly };
    });
  return (path) => {
    const parts = path.split('/');
    // As git does it: a file below an ignored folder stays ignored whatever a later rule says about the file.
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const here = parts.slice(0, depth).join('/');
      const isFolder = depth < parts.length;
      const last = rules.findLast((rule) => (isFolder || !rule.folderOnly) && matchesWhole(here, rule.pattern));
      if (last !== undefined && !last.negated) {
        return true;
      }
    }
    return false;
  };
}

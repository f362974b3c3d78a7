import { codeOnly } from './mask.ts';

const LINE = /^(\s*)(?:[\w.]+\s+)?"([^"]+)"\s*$/;

/** Takes an import away that nothing uses any more, and adds those that are used and missing; imports beside it are put in order. */
export function withGoImports(
  source: string,
  { from, used, by }: { readonly from: string; readonly used: string; readonly by: readonly string[] },
): string {
  const code = codeOnly(source, 'go');
  const uses = (name: string) => code !== null && new RegExp(`\\b${name}\\.`).test(code);
  if (code === null || uses(used)) return source;
  const lines = source.split('\n');
  const missing = by.filter(
    (path) => uses(path.slice(path.lastIndexOf('/') + 1)) && !lines.some((line) => line.replace(/^import\s+/, '').trim() === `"${path}"`),
  );
  const alone = lines.findIndex((line) => line.trim() === `import "${from}"`);
  if (alone >= 0) {
    lines.splice(alone, 1, ...missing.map((path) => `import "${path}"`));
    return lines.join('\n');
  }
  const at = lines.findIndex((line) => line.trim() === `"${from}"`);
  if (at < 0) return source;
  const indent = LINE.exec(lines[at] ?? '')?.[1] ?? '\t';
  lines.splice(at, 1, ...missing.map((path) => `${indent}"${path}"`));
  let first = at;
  while (LINE.test(lines[first - 1] ?? '')) first -= 1;
  let last = at;
  while (LINE.test(lines[last] ?? '')) last += 1;
  const path = (line: string) => LINE.exec(line)?.[2] ?? '';
  const block = lines.slice(first, last).sort((a, b) => (path(a) < path(b) ? -1 : path(a) > path(b) ? 1 : 0));
  lines.splice(first, last - first, ...block);
  return lines.join('\n');
}

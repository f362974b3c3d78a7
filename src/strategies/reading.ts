import type { FileRead, StrategyAnswer, StrategyContext } from './contract.ts';

/** Files at one revision, by path. */
export interface Files {
  /** Whether it is there at all, readable or not. */
  has(path: string): boolean;
  /** Its text; null where it is not there, or cannot be read as text. */
  text(path: string): string | null;
  get(path: string): FileRead | undefined;
}

/** Files at a revision (absent: the broken head), or the question that has to be answered first. */
export function readAt(
  context: Pick<StrategyContext, 'files' | 'incident'>,
  paths: readonly string[],
  sha: string = context.incident.headSha,
): Files | Extract<StrategyAnswer, { kind: 'read' }> {
  const known = new Map(context.files.filter((file) => file.sha === sha).map((file) => [file.path, file]));
  const wanted = [...new Set(paths)].filter((path) => !known.has(path));
  if (wanted.length > 0) return { kind: 'read', files: wanted.slice(0, 50).map((path) => ({ sha, path })) };
  return {
    has: (path) => known.has(path) && known.get(path)?.why !== 'not there',
    text: (path) => known.get(path)?.text ?? null,
    get: (path) => known.get(path),
  };
}

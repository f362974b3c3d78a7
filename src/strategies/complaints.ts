import type { FailureClass } from '../domain/diagnosis.schema.ts';
import type { Complaint } from '../domain/log-digest.schema.ts';
import { RepoPath } from '../domain/names.schema.ts';
import type { StrategyContext } from './contract.ts';

/** A digest holds no more complaints than this: there may be others. */
const MAX_COMPLAINTS = 100;

/** What tools complain about in one class. */
export function complaintsOf(context: Pick<StrategyContext, 'digest'>, kind: FailureClass): readonly Complaint[] {
  return context.digest?.complaints.filter((complaint) => complaint.class === kind) ?? [];
}

/** A path out of a log as a path of the repository and nothing else: no pattern, and none that leads outside. Null when it is none. */
export function loggedPath(text: string): string | null {
  const path = text.replace(/^(?:\.\/)+/, '').replaceAll('\\', '/');
  return RepoPath.safeParse(path).success && !/[*?]/.test(path) && !path.startsWith('-') ? path : null;
}

/** The files that complaints name; empty, which is any file, when one names none or there may be more of them than are known. */
export function complainedPaths(complaints: readonly Complaint[]): string[] {
  if (complaints.length >= MAX_COMPLAINTS) return [];
  const named = namedPaths(complaints);
  return complaints.some(({ path }) => path === undefined || loggedPath(path) === null) ? [] : named;
}

/** The files that complaints name, whatever others say. */
export function namedPaths(complaints: readonly Complaint[]): string[] {
  return [...new Set(complaints.map(({ path }) => loggedPath(path ?? '')))].filter((path) => path !== null).sort();
}

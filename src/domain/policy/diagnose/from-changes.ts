import { matchesAny } from '../../glob.ts';
import { isTestFile } from '../gate/paths.ts';
import { DEPENDENCY_FILES } from '../protected-paths.ts';
import { changedPaths, isProgramConfig } from './changes.ts';
import { type Facts, onlyCommit, onlyCommitOn, type Vote } from './vote.ts';

const PROSE = ['*.md', '*.txt', '*.rst', 'LICENSE', 'docs/**'];

/** Changed paths that hold code: neither configuration, nor what names dependencies, nor tests, nor prose. */
export function codePaths({ incident, policy }: Pick<Facts, 'incident' | 'policy'>): readonly string[] {
  return changedPaths(incident).filter(
    (path) => !isProgramConfig(path, policy) && !matchesAny(path, DEPENDENCY_FILES) && !isTestFile(path) && !matchesAny(path, PROSE),
  );
}

/** What changed since the check was green; nothing where that is not known. */
export function votesOfChanges({ incident, policy }: Facts): readonly Vote[] {
  if (incident.lastGreenSha === undefined) return [];
  const paths = changedPaths(incident);
  const only = onlyCommit(incident);
  if (paths.length === 0) {
    const cause = 'nothing in the repository changed since it was green';
    return [{ class: 'environment', weight: 0.75, seen: cause, cause }];
  }
  const votes: Vote[] = [];
  const config = paths.find((path) => isProgramConfig(path, policy));
  const dependency = paths.find((path) => matchesAny(path, DEPENDENCY_FILES));
  const code = codePaths({ incident, policy });
  if (config !== undefined)
    votes.push({
      class: 'configuration',
      weight: 4.5,
      seen: `${config} is configuration and changed since green`,
      cause: `${config} changed since it was green`,
      culprit: onlyCommitOn(incident, config) ?? only,
    });
  if (dependency !== undefined)
    votes.push({
      class: 'dependency',
      weight: code.length === 0 ? 1.2 : 0.5,
      seen: `${dependency} names dependencies and changed since green`,
      cause: `${dependency} changed since it was green`,
      culprit: only,
    });
  if (code.length > 0)
    votes.push({
      class: 'code',
      weight: only === undefined ? 0.7 : 2,
      seen: `${code.length} changed path(s) are code: ${code.slice(0, 3).join(', ')}`,
      cause:
        only === undefined
          ? `one of ${incident.commits.length} commits since it was green`
          : `commit ${only.slice(0, 8)}, the only one since it was green`,
      culprit: only,
    });
  return votes;
}

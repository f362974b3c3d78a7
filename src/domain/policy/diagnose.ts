import type { Diagnosis } from '../diagnosis.schema.ts';
import { matchesAny } from '../glob.ts';
import type { Incident } from '../incident.schema.ts';
import type { RepositoryPolicy } from '../repository-policy.schema.ts';
import { isCiFile, isLintConfig, isTestConfig, isTestFile } from './gate/paths.ts';
import { DEPENDENCY_FILES, protection } from './protected-paths.ts';

const CONFIG_SHAPES = ['*.yaml', '*.yml', '*.json', '*.toml', '*.ini', '*.conf', '*.cfg', '*.properties', 'config/**', '**/config/**'];
const PROSE = ['*.md', '*.txt', '*.rst', 'LICENSE', 'docs/**'];

/** Whether a path is configuration of the program itself: declared by the policy, or of the usual shapes and nothing more special. */
export function isProgramConfig(path: string, policy: Pick<RepositoryPolicy, 'config' | 'protectedPaths'>): boolean {
  const kind = protection(path, policy.protectedPaths);
  // What the policy protects needs a person's yes; it is no less configuration for that.
  if ((kind !== null && kind !== 'policy') || isTestFile(path)) return false;
  if (policy.config.length > 0) return matchesAny(path, policy.config);
  return matchesAny(path, CONFIG_SHAPES) && !isCiFile(path) && !isTestConfig(path) && !isLintConfig(path);
}

/** Paths that changed since the check was green, most often changed first. */
export function changedPaths(incident: Pick<Incident, 'commits'>): readonly string[] {
  const times = new Map<string, number>();
  for (const commit of incident.commits) for (const path of commit.paths) times.set(path, (times.get(path) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([path]) => path);
}

/** Class and cause from counted evidence: what changed since green, and which check complains. */
export function diagnose({ incident, policy }: { readonly incident: Incident; readonly policy: RepositoryPolicy }): Diagnosis {
  const evidence: string[] = [];
  const since = incident.lastGreenSha === undefined ? null : incident.lastGreenSha.slice(0, 8);
  const paths = since === null ? [] : changedPaths(incident);
  const tests = incident.failingTests.length;
  evidence.push(
    tests > 0 ? `${tests} test(s) fail: ${incident.failingTests.slice(0, 4).join(', ')}` : `the check ${incident.failing.name} fails`,
  );
  if (since !== null) evidence.push(`${incident.commits.length} commit(s) and ${paths.length} path(s) changed since ${since} was green`);
  else evidence.push('no revision is known on which it was green');
  const answer = (kind: Diagnosis['class'], cause: string, confidence: number, culprit?: string): Diagnosis => ({
    class: kind,
    cause: cause.slice(0, 500),
    confidence,
    evidence: evidence.map((line) => line.slice(0, 300)),
    ...(culprit === undefined ? {} : { culprit }),
  });
  const only = incident.commits.length === 1 && !incident.commitsTruncated ? incident.commits[0]?.sha : undefined;
  if (policy.format?.check === incident.failing.name)
    return answer('format', `the formatter's check ${incident.failing.name} complains`, 0.95, only);
  if (since === null) return answer('unknown', 'what changed since it was green is not known', 0.2);
  if (paths.length === 0) return answer('environment', 'nothing in the repository changed since it was green', 0.6);
  const config = paths.filter((path) => isProgramConfig(path, policy));
  const dependencies = paths.filter((path) => matchesAny(path, DEPENDENCY_FILES));
  const code = paths.filter(
    (path) => !config.includes(path) && !dependencies.includes(path) && !isTestFile(path) && !matchesAny(path, PROSE),
  );
  const culpritOf = (path: string) => {
    const touching = incident.commits.filter((commit) => commit.paths.includes(path));
    return touching.length === 1 ? touching[0]?.sha : undefined;
  };
  const [firstConfig] = config;
  if (firstConfig !== undefined) {
    evidence.push(`${firstConfig} is configuration and changed since green`);
    return answer(
      'configuration',
      `${firstConfig} changed since it was green`,
      code.length === 0 ? 0.9 : 0.7,
      culpritOf(firstConfig) ?? only,
    );
  }
  if (dependencies.length > 0 && code.length === 0) return answer('dependency', `${dependencies[0]} changed since it was green`, 0.7, only);
  if (code.length > 0)
    return answer(
      'code',
      only === undefined
        ? `one of ${incident.commits.length} commits since it was green`
        : `commit ${only.slice(0, 8)}, the only one since it was green`,
      only === undefined ? 0.5 : 0.8,
      only,
    );
  return answer('unknown', 'only tests or prose changed since it was green', 0.3, only);
}

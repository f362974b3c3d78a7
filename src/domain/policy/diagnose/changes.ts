import { matchesAny } from '../../glob.ts';
import type { Incident } from '../../incident.schema.ts';
import type { RepositoryPolicy } from '../../repository-policy.schema.ts';
import { isCiFile, isLintConfig, isTestConfig, isTestFile } from '../gate/paths.ts';
import { protection } from '../protected-paths.ts';

const CONFIG_SHAPES = ['*.yaml', '*.yml', '*.json', '*.toml', '*.ini', '*.conf', '*.cfg', '*.properties', 'config/**', '**/config/**'];

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

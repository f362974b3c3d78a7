import type { Incident } from '../../domain/incident.schema.ts';
import type { LogDigest } from '../../domain/log-digest.schema.ts';
import { RepoPath } from '../../domain/names.schema.ts';
import { changedPaths } from '../../domain/policy/diagnose.ts';
import { isCheckScript, isCiFile, isLintConfig, isShadow, isSnapshot, isTestConfig, isTestFile } from '../../domain/policy/gate/paths.ts';
import { protection } from '../../domain/policy/protected-paths.ts';

/** Where a repository says how it wants to be worked on; read from its default branch only, whatever branch is repaired. */
export const INSTRUCTION_FILES: readonly string[] = ['AGENTS.md', 'CLAUDE.md', 'CONTRIBUTING.md'];

/** Files that are read before the first question. */
const MAX_FIRST = 12;

const HIDDEN = /(?:^|\/)\./;
const KEYS = /\.(?:pem|key|p12|pfx|jks|keystore|kdbx)$/i;
const SECRETS = /(?:secret|credential|passw(?:or)?d)[^/]*$/i;
const PROGRAMS = /\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt|scala|cs|fs|php|c|cc|cpp|h|hpp|swift|m|exs?|erl|clj|lua|dart|vue|svelte)$/i;

/** Whether a model may see a file: nothing hidden, no key, and of what by its name holds secrets only programs. */
export function mayBeSeen(path: string): boolean {
  return RepoPath.safeParse(path).success && !HIDDEN.test(path) && !KEYS.test(path) && (!SECRETS.test(path) || PROGRAMS.test(path));
}

/** Whether a model may change a file: program text alone, never what judges it. */
export function mayBeChanged(path: string, policyGlobs: readonly string[]): boolean {
  const judges = [isTestFile, isTestConfig, isLintConfig, isCiFile, isSnapshot, isShadow, isCheckScript];
  return (
    mayBeSeen(path) &&
    protection(path, policyGlobs) === null &&
    !INSTRUCTION_FILES.includes(path.slice(path.lastIndexOf('/') + 1)) &&
    judges.every((judge) => !judge(path))
  );
}

/** Files that the evidence names, the most telling first: frames of stacks, complaints, what changed since green. */
export function namedPaths(incident: Incident, digest: LogDigest | null): readonly string[] {
  const named = [
    ...(digest?.frames ?? []).map(({ path }) => path),
    ...(digest?.complaints ?? []).flatMap(({ path }) => (path === undefined ? [] : [path])),
    ...changedPaths(incident),
  ];
  return [...new Set(named)].filter(mayBeSeen).slice(0, MAX_FIRST);
}

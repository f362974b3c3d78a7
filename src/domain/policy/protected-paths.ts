import { matchesAny } from '../glob.ts';

/** Never changed by a healing, whatever anybody allows: the rules that judge it. */
export const UNTOUCHABLE: readonly string[] = ['.github/suture.yml'];

/** Changed only with a person: pipelines, ownership, instructions to agents, dot folders. */
const PROTECTED: readonly string[] = [
  '.github/**',
  '.gitlab-ci.yml',
  '.circleci/**',
  '.buildkite/**',
  'Jenkinsfile',
  'azure-pipelines.yml',
  'CODEOWNERS',
  'AGENTS.md',
  'CLAUDE.md',
  'GEMINI.md',
  '.cursorrules',
  '.gitmodules',
  '.gitattributes',
  '.npmrc',
  '.env',
  '.env.*',
  '*.pem',
  '*.key',
];

/** Manifests and lock files: changed only by a dependency strategy or with a person. */
export const DEPENDENCY_FILES: readonly string[] = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'requirements*.txt',
  'pyproject.toml',
  'poetry.lock',
  'uv.lock',
  'Pipfile',
  'Pipfile.lock',
  'go.mod',
  'go.sum',
  'Cargo.toml',
  'Cargo.lock',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'gradle.lockfile',
  'Gemfile',
  'Gemfile.lock',
  'composer.json',
  'composer.lock',
];

/** Why a path is protected, or null. */
export function protection(path: string, policyGlobs: readonly string[]): 'untouchable' | 'built-in' | 'dependency-file' | 'policy' | null {
  if (matchesAny(path, UNTOUCHABLE)) return 'untouchable';
  if (matchesAny(path, PROTECTED) || /^\.[^/]+\//.test(path)) return 'built-in';
  if (matchesAny(path, DEPENDENCY_FILES)) return 'dependency-file';
  return matchesAny(path, policyGlobs) ? 'policy' : null;
}

const WHY = {
  'built-in': 'only a person may let this file be changed',
  'dependency-file': 'names dependencies, which only a person may let be changed',
  policy: "protected by the repository's policy",
} as const;

/** For people: why a change of the path needs a yes. */
export function whyProtected(kind: keyof typeof WHY): string {
  return WHY[kind];
}

import { matchesAny } from '../../glob.ts';

const TEST_GLOBS = [
  'test/**',
  '**/test/**',
  'tests/**',
  '**/tests/**',
  '__tests__/**',
  '**/__tests__/**',
  'spec/**',
  '**/spec/**',
  'test_*.py',
  '*_test.py',
  '*_test.go',
  '*.test.*',
  '*.spec.*',
  '*Test.java',
  '*Tests.java',
  '*IT.java',
  'src/test/**',
  '**/src/test/**',
  '*_spec.rb',
];
const TEST_CONFIG_GLOBS = [
  'conftest.py',
  'pytest.ini',
  'tox.ini',
  'setup.cfg',
  'noxfile.py',
  '.coveragerc',
  'jest.config.*',
  'jest.setup.*',
  'vitest.config.*',
  'vitest.setup.*',
  'vitest.workspace.*',
  'karma.conf.*',
  '.mocharc*',
  'playwright.config.*',
  'cypress.config.*',
  'codecov.yml',
  '.nycrc*',
  'phpunit.xml*',
  'junit-platform.properties',
];
const LINT_CONFIG_GLOBS = [
  '.eslintrc*',
  'eslint.config.*',
  'biome.json*',
  '.oxlintrc.json',
  '.flake8',
  '.pylintrc',
  'ruff.toml',
  '.ruff.toml',
  'mypy.ini',
  '.mypy.ini',
  'tsconfig*.json',
  '.golangci.*',
  'clippy.toml',
  'rustfmt.toml',
  '.prettierrc*',
  '.prettierignore',
  '.eslintignore',
  'checkstyle.xml',
  '.rubocop.yml',
  '.editorconfig',
];
const CI_GLOBS = ['.github/**', '.gitlab-ci.yml', '.circleci/**', '.buildkite/**', 'Jenkinsfile', 'azure-pipelines.yml', '.travis.yml'];
const SNAPSHOT_GLOBS = ['*.snap', '**/__snapshots__/**', '*.ambr', '*.approved.*', '*.golden', 'testdata/**/*.golden'];

/** A file that holds tests. */
export const isTestFile = (path: string): boolean => matchesAny(path, TEST_GLOBS);
/** Configuration of a test runner or of coverage. */
export const isTestConfig = (path: string): boolean => matchesAny(path, TEST_CONFIG_GLOBS);
/** Configuration of a linter, formatter or compiler. */
export const isLintConfig = (path: string): boolean => matchesAny(path, LINT_CONFIG_GLOBS);
/** A pipeline definition. */
export const isCiFile = (path: string): boolean => matchesAny(path, CI_GLOBS);
/** A recorded expectation. */
export const isSnapshot = (path: string): boolean => matchesAny(path, SNAPSHOT_GLOBS);

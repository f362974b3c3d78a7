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
  'testdata/**',
  '**/testdata/**',
  'fixtures/**',
  '**/fixtures/**',
  '**/__fixtures__/**',
  '**/__mocks__/**',
  'e2e/**',
  'cypress/**',
  '*Test.kt',
  '*Tests.kt',
  '*Spec.kt',
  '*Test.scala',
  '*Spec.scala',
  '*Test.groovy',
  '*Spec.groovy',
  '*Test.php',
  '*Test.cs',
  '*Tests.cs',
  '*Tests.swift',
  '*_test.exs',
  '*_test.dart',
  '*_test.rb',
  'test_*.rb',
  '*_test.cc',
  '*_test.cpp',
  '*_unittest.cc',
  '*_unittest.py',
  '*.cy.*',
  '*.feature',
  '*.bats',
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
  '.pytest.ini',
  'pytest.toml',
  '.pytest.toml',
  '.rspec',
  '.simplecov',
  'codecov.yaml',
  '.codecov.yml',
  '.taprc',
  'ava.config.*',
  'nextest.toml',
  '.cargo/config*',
  '**/.cargo/config*',
  '.mvn/**',
  'bunfig.toml',
  '.npmrc',
  '.yarnrc*',
  '.pnpmfile.*',
  'pip.conf',
  '.bazelrc',
  '.env.test',
  '.env.ci',
  '.envrc',
  'turbo.json',
  'nx.json',
];
const LINT_CONFIG_GLOBS = [
  '.gitattributes',
  'stylelint.config.*',
  '.stylelintrc*',
  '.markdownlint*',
  '.shellcheckrc',
  '.hadolint.y*ml',
  'phpstan.neon*',
  'psalm.xml',
  'pyrightconfig.json',
  'deno.json*',
  'detekt.y*ml',
  'sonar-project.properties',
  '.semgrepignore',
  'commitlint.config.*',
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
  '*baseline*.json',
  '*baseline*.xml',
  '*baseline*.yml',
  '*baseline*.yaml',
  '*-todo.yml',
  '.*_todo.yml',
];
/** Ignore files of other tools than checkers. */
const HARMLESS_IGNORES = [
  '.gitignore',
  '.dockerignore',
  '.npmignore',
  '.gcloudignore',
  '.helmignore',
  '.vercelignore',
  '.slugignore',
  '.cfignore',
];
const CI_GLOBS = [
  '.github/**',
  '.gitlab-ci.yml',
  '.gitlab/ci/**',
  '.circleci/**',
  '.buildkite/**',
  'Jenkinsfile',
  'azure-pipelines.yml',
  '.travis.yml',
  '.woodpecker*',
  '.woodpecker/**',
  '.drone.yml',
  '.cirrus.yml',
  '.semaphore/**',
  '.teamcity/**',
  'bitbucket-pipelines.yml',
  'cloudbuild.y*ml',
  'buildspec.yml',
  'appveyor.yml',
  '.husky/**',
  '.githooks/**',
  '.pre-commit-config.yaml',
  'lefthook.yml',
];
const SNAPSHOT_GLOBS = ['*.snap', '**/__snapshots__/**', '*.ambr', '*.approved.*', '*.golden', 'testdata/**/*.golden'];

/** Files that the language loads by their name before any test runs, and packages as they are installed. */
const SHADOWS = [
  'sitecustomize.py',
  'usercustomize.py',
  '*.pth',
  '**/node_modules/**',
  '**/site-packages/**',
  'vendor/bundle/**',
  '**/__mocks__/**',
];
/** Modules of this name in a folder on Python's path are found before the real ones. */
const SHADOWED =
  /^(?:(?:src|lib|tests?)\/)?(?:unittest|pytest|_pytest|pluggy|nose2?|doctest|hypothesis|coverage|tox|nox|ruff|black|flake8|pylint|mypy|isort)(?:\.py$|\/)/;
const SELECTION = /(?:^|[._-])(?:tests?|testing|testsuites?|suites?|specs?|e2e|ci)(?=[._-])/i;
const SETTINGS = /\.(?:ya?ml|json5?|toml|ini|cfg|conf|txt|list|lst|properties|xml|env)$/i;
const SCRIPT_PLACE = /^(?:(?:scripts?|bin|tools?|ci|\.ci|hack|build|dev)\/(?:.*\/)?)?[^/]+$/;
const SCRIPT = /^[^.]+(?:\.(?:sh|bash|zsh|bat|cmd|ps1|[cm]?[jt]s|py|rb|pl|mk))?$/;
const RUNS_CHECKS = /(?:^|[_-])(?:tests?|lint|ci|checks?|verify)(?:[._-]|$)/i;

/** The modules of Python and Node that tests and programs alike take from their platform. */
const PLATFORM =
  /^(?:(?:src|lib|tests?)\/)?(?:random|time|datetime|json|math|decimal|assertpy|warnings|re|os|sys|hashlib|collections|itertools|functools|typing|dataclasses|logging|threading|asyncio|socket|subprocess|traceback|inspect|importlib|contextlib|difflib|numbers|statistics|fractions|copy|enum|mock|freezegun|responses|requests_mock)(?:\.py$|\/__init__\.py$)/;

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Something that takes the place of the test framework or a checker, or changes it before any test runs. */
export const isShadow = (path: string): boolean => SHADOWED.test(path) || matchesAny(path, SHADOWS);
/** A new module with the name of one of the platform's own, where it is found first. */
export const isPlatformName = (path: string): boolean => PLATFORM.test(path);
/** A script that, by its name and place, runs the checks. */
export const isCheckScript = (path: string): boolean =>
  SCRIPT_PLACE.test(path) && SCRIPT.test(basename(path)) && RUNS_CHECKS.test(basename(path)) && !isTestFile(path);

/** A file that holds tests, or what they use. */
export const isTestFile = (path: string): boolean => matchesAny(path, TEST_GLOBS);
/** Configuration of a test runner or of coverage. */
export const isTestConfig = (path: string): boolean =>
  matchesAny(path, TEST_CONFIG_GLOBS) ||
  (SETTINGS.test(path) && SELECTION.test(basename(path)) && !/^(?:requirements|constraints)/i.test(basename(path)));
/** Configuration of a linter, formatter or compiler. */
export const isLintConfig = (path: string): boolean =>
  matchesAny(path, LINT_CONFIG_GLOBS) || (/^\..*ignore$/.test(basename(path)) && !matchesAny(path, HARMLESS_IGNORES));
/** A pipeline definition. */
export const isCiFile = (path: string): boolean => matchesAny(path, CI_GLOBS);
/** A recorded expectation. */
export const isSnapshot = (path: string): boolean => matchesAny(path, SNAPSHOT_GLOBS);

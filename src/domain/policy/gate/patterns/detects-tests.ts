import type { AddedPattern } from './added-pattern.ts';

/** Code that behaves another way while it is being tested. */
export const DETECTS_TESTS: readonly AddedPattern[] = [
  {
    code: 'test-detected',
    where: 'any',
    pattern:
      /(?:environ(?:\.get|\.has_key)?\s*[[(]\s*|getenv\s*\(\s*|process\.env(?:\??\.|\[)|import\.meta\.env\.|env::var(?:_os)?\s*\(\s*|(?:Getenv|LookupEnv)\s*\(\s*|ENV(?:\.(?:fetch|key\?))?[[(]\s*|getProperty\s*\(\s*)['"`]?(?:CI|PYTEST\w*|JEST\w*|VITEST\w*|NODE_ENV|MODE|TESTING|TEST|TEST_\w+|UNDER_TEST|IN_TEST|IS_TEST|RUNNING_TESTS|GITHUB_ACTIONS|GITLAB_CI|TRAVIS|BUILDKITE|RAILS_ENV|RACK_ENV|BATS_\w+|CARGO_TARGET_TMPDIR|npm_lifecycle_event|surefire\.\w+)\b/,
    detail: 'the code asks whether it is being tested',
  },
  {
    code: 'test-detected',
    where: 'any',
    pattern:
      /['"](?:CI|PYTEST\w*|JEST_WORKER_ID|VITEST\w*|GITHUB_ACTIONS)['"]\s+(?:not\s+)?in\s+(?:os\.environ|process\.env)|\$\{?(?:CI|PYTEST_CURRENT_TEST|BATS_\w+|GITHUB_ACTIONS)\b/,
    detail: 'the code asks whether it is being tested',
  },
  {
    code: 'test-detected',
    where: 'any',
    pattern:
      /['"](?:_?pytest|unittest|jest|vitest|nose)['"]\s+(?:not\s+)?in\s+(?:sys\.)?modules|\bmodules(?:\.get)?[[(]\s*['"](?:_?pytest|unittest)|\btesting\.Testing\s*\(|\bcfg!\(test\)|\bcfg\(not\(test\)\)|\bcfg_attr\((?:not\()?test\b|\bflag\.Lookup\(\s*"test\./,
    detail: 'the code asks whether it is being tested',
  },
  {
    code: 'test-detected',
    where: 'program',
    pattern:
      /\btypeof\s+(?:jest|vi|describe|it|expect|beforeEach|mocha)\b|\b(?:globalThis|global|window)\.(?:jest|vi|describe|it|expect|__vitest\w*|__coverage__)\b|\bimport\.meta\.vitest\b|\bdefined\?\(\s*(?:RSpec|Minitest|Test::Unit)|\bRails\.env\.test\?|\bhasattr\(\s*sys\s*,\s*['"]_called_from_test/,
    detail: 'the code asks whether it is being tested',
  },
  {
    code: 'test-detected',
    where: 'program',
    pattern:
      /(?:sys\.argv|process\.(?:argv|execArgv|title)|os\.Args|\$PROGRAM_NAME|\$0|env::args|sun\.java\.command|BASH_SOURCE|__main__\.__file__|require\.main|current_exe)[^;\n]{0,80}(?:test|jest|vitest|mocha|rspec|surefire)/i,
    detail: 'the code asks which program runs it',
  },
  {
    code: 'test-detected',
    where: 'program',
    pattern:
      /(?:\binspect\.(?:stack|currentframe|getouterframes)|\bsys\._getframe|\btraceback\.(?:extract_stack|format_stack)|\bnew\s+Error\(\)\.stack|\bruntime\.Callers?\b|\bgetStackTrace\b|\bStackWalker\b|\bcaller(?:_locations)?\b|\bcaptureStackTrace\b)[^\n]{0,160}(?:test|spec|jest|vitest|mocha|junit)/i,
    detail: 'the code asks who calls it',
  },
  {
    code: 'test-detected',
    where: 'program',
    pattern:
      /(?:test|spec|jest|vitest|mocha|junit)[^\n]{0,120}(?:\binspect\.(?:stack|currentframe)|\bsys\._getframe|\bextract_stack|\bruntime\.Callers?\b|\bgetStackTrace\b)/i,
    detail: 'the code asks who calls it',
  },
  {
    code: 'test-detected',
    where: 'program',
    pattern:
      /\{[^{}]{0,200}\b(?:CI|NODE_ENV|VITEST|JEST_WORKER_ID|TEST|GITHUB_ACTIONS)\b[^{}]{0,200}\}\s*=\s*process\.env\b|\b(?:globalThis|global|window)\[\s*['"`](?:expect|jest|vi|describe|it|test|mocha)['"`]|\b(?:if|unless|elif|while)\b[^\n]{0,200}\b(?:PYTEST\w*|VITEST\w*|JEST_\w+|pytest\.ini|conftest\.py|(?:vitest|jest)\.config)\b/,
    detail: 'the code asks whether it is being tested',
  },
  {
    code: 'test-detected',
    where: 'program',
    pattern:
      /\bClass\.forName\(\s*"(?:org\.junit|org\.testng)|['"](?:org\.junit|\/\.dockerenv|\/proc\/(?:self|1|\$\$)\/(?:cmdline|cgroup|environ))|\bsys\.gettrace\s*\(\s*\)|\bfind_spec\(\s*['"]_?pytest/,
    detail: 'the code asks where it runs',
  },
];

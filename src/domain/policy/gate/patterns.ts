/** A shape that an added line must not have: a way to turn a check off instead of making it pass. */
export interface AddedPattern {
  readonly code: string;
  readonly where: 'test' | 'any';
  readonly pattern: RegExp;
  readonly detail: string;
}

/** Every pattern is linear-time and looks at one trimmed line. */
export const ADDED_PATTERNS: readonly AddedPattern[] = [
  // skipped, focused or disabled tests
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /\b(?:it|test|describe|suite|context)\.(?:skip|skipIf|todo|fixme|failing)\b/,
    detail: 'a test is skipped',
  },
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /^(?:xit|xdescribe|xtest|xcontext|fit|fdescribe)\s*\(/,
    detail: 'a test is skipped or focused',
  },
  {
    code: 'test-focused',
    where: 'any',
    pattern: /\b(?:it|test|describe|suite|context)\.only\b/,
    detail: 'one test is focused, so the others do not run',
  },
  { code: 'test-skipped', where: 'any', pattern: /\bskip\s*:\s*(?:true|['"`])/, detail: 'a test is skipped by an option' },
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b/,
    detail: 'a test is skipped by a decorator',
  },
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /(?:@?pytest\.(?:mark\.)?(?:skip|skipif|xfail)|pytest\.importorskip)\b/,
    detail: 'a test is skipped or expected to fail',
  },
  { code: 'test-skipped', where: 'any', pattern: /\b(?:self|t|b|tb)\.(?:skipTest|Skip|SkipNow|Skipf)\s*\(/, detail: 'a test skips itself' },
  { code: 'test-skipped', where: 'any', pattern: /\braise\s+(?:unittest\.)?SkipTest\b/, detail: 'a test skips itself' },
  { code: 'test-skipped', where: 'any', pattern: /\b__test__\s*=\s*False\b/, detail: 'a test class is no longer collected' },
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /@(?:Disabled|Ignore|DisabledIf|EnabledIf)\w*\b|\bassum(?:e|ing)(?:True|False|That)\s*\(/,
    detail: 'a test is disabled',
  },
  { code: 'test-skipped', where: 'any', pattern: /#\[(?:ignore|should_panic|cfg\(any\(\)\))/, detail: 'a test is ignored' },
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /^\/\/\s*\+build\s+ignore|^\/\/go:build\s+(?:ignore|!)/,
    detail: 'a file leaves the build',
  },
  // swallowed results
  { code: 'exit-swallowed', where: 'any', pattern: /\|\|\s*(?:true|:|exit\s+0|echo\b)/, detail: 'a failing command no longer fails' },
  { code: 'exit-swallowed', where: 'any', pattern: /;\s*(?:true|exit\s+0)\s*["']?\s*,?$/, detail: 'a failing command no longer fails' },
  { code: 'exit-swallowed', where: 'any', pattern: /^set\s+\+e\b/, detail: 'a script goes on after failures' },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern:
      /--(?:passWithNoTests|pass-with-no-tests|exit-zero|no-fail|no-error-on-unmatched-pattern)\b|\bcontinue-on-error\s*:\s*true|\ballow_failure\s*:\s*true|-Dmaven\.test\.(?:skip|failure\.ignore)|-DskipTests|\btestFailureIgnore\b/,
    detail: 'failures are told not to count',
  },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern: /\b(?:process\.exit|sys\.exit|os\._exit|os\.Exit|System\.exit|std::process::exit|quit)\s*\(\s*0?\s*\)/,
    detail: 'a program ends as if all were well',
  },
  {
    code: 'exception-swallowed',
    where: 'any',
    pattern: /^except(?:\s+(?:Base)?Exception(?:\s+as\s+\w+)?)?\s*:\s*(?:pass|return\b.*)?$/,
    detail: 'every exception is caught',
  },
  {
    code: 'exception-swallowed',
    where: 'any',
    pattern: /\bcatch\s*(?:\(\s*(?:\w+|(?:final\s+)?(?:Throwable|Exception)\s+\w+)?\s*\))?\s*\{\s*(?:\/\*.*\*\/\s*)?\}/,
    detail: 'an exception is caught and dropped',
  },
  {
    code: 'exception-swallowed',
    where: 'any',
    pattern: /\bcontextlib\.suppress\s*\(\s*(?:Base)?Exception\b|\bwith\s+suppress\s*\(\s*(?:Base)?Exception\b/,
    detail: 'every exception is suppressed',
  },
  // silenced tools
  {
    code: 'check-disabled',
    where: 'any',
    pattern:
      /eslint-disable|biome-ignore|oxlint-disable|tslint:disable|@ts-(?:ignore|nocheck|expect-error)|prettier-ignore|istanbul ignore|c8 ignore|v8 ignore/,
    detail: 'a check is silenced',
  },
  {
    code: 'check-disabled',
    where: 'any',
    pattern:
      /#\s*(?:noqa|type:\s*ignore|pylint:\s*disable|pragma:\s*no cover|mypy:\s*ignore|pyright:\s*ignore|fmt:\s*(?:off|skip)|ruff:\s*noqa|nosec)/,
    detail: 'a check is silenced',
  },
  {
    code: 'check-disabled',
    where: 'any',
    pattern: /\/\/\s*(?:nolint|#nosec|noinspection)|@SuppressWarnings\b|#!?\[allow\(|#!?\[rustfmt::skip\]|rubocop:disable|NOLINT/,
    detail: 'a check is silenced',
  },
  // code that knows it is being tested
  {
    code: 'test-detected',
    where: 'any',
    pattern:
      /(?:environ(?:\.get)?\s*[[(]\s*|getenv\s*\(\s*|process\.env(?:\.|\[)|env::var\s*\(\s*|Getenv\s*\(\s*)['"]?(?:CI|PYTEST_CURRENT_TEST|JEST_WORKER_ID|VITEST|NODE_ENV|TESTING|TEST|UNDER_TEST|GITHUB_ACTIONS)\b/,
    detail: 'the code asks whether it is being tested',
  },
  {
    code: 'test-detected',
    where: 'any',
    pattern: /['"](?:pytest|unittest|jest|vitest)['"]\s+in\s+sys\.modules|\btesting\.Testing\s*\(|\bcfg!\(test\)|sys\.argv\[0\].*test/,
    detail: 'the code asks whether it is being tested',
  },
  // a test framework that was made tame
  {
    code: 'test-framework-patched',
    where: 'any',
    pattern:
      /\b(?:(?:unittest|pytest|_pytest)(?:\.\w+)+|\w*TestCase\.\w+|(?:assert|expect)\.\w+(?:\.\w+)*|globalThis\.(?:expect|assert|it|test|describe))\s*=(?![=>])|\bsetattr\s*\(\s*(?:unittest|pytest|\w*TestCase)\b|\bexpect\.extend\s*\(/,
    detail: 'the test framework itself is changed',
  },
  // secrets and hidden text
  {
    code: 'secret-added',
    where: 'any',
    pattern:
      /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9_]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----/,
    detail: 'a secret is added',
  },
  {
    code: 'hidden-text',
    where: 'any',
    pattern: /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/,
    detail: 'an invisible or direction-changing character is added',
  },
];

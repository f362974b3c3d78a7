import type { AddedPattern } from './added-pattern.ts';

/** Tests that no longer run, or run alone. */
export const SKIPS: readonly AddedPattern[] = [
  {
    code: 'test-skipped',
    where: 'test',
    pattern: /\b(?:it|test|describe|suite|context)\.(?:skip|skipIf|todo|fixme|failing)\b/,
    detail: 'a test is skipped',
  },
  {
    code: 'test-skipped',
    where: 'any',
    pattern: /^(?:xit|xdescribe|xtest|xcontext|xspecify|xexample|fit|fdescribe|fcontext|fspecify)\s*[('"]/,
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
  {
    code: 'test-skipped',
    where: 'test',
    pattern:
      /\b(?:it|test|describe|suite|context|t|ctx|this)\.(?:skip|fails|runIf|pending|xfail)\s*\(|^pending\s*\(|^pending\b\s*(?:['"]|$)/,
    detail: 'a test skips itself',
  },
  {
    code: 'test-skipped',
    where: 'test',
    pattern:
      /\bskip\s*[:(=]\s*\S|\btodo\s*:\s*(?:true|['"`])|^skip\b(?:\s|$)|\bskip_(?:if|unless)\b|:skip\b|\bmarkTestSkipped\b|\bSkip\s*=\s*"/,
    detail: 'a test is skipped by an option',
  },
  {
    code: 'test-focused',
    where: 'test',
    pattern: /\bonly\s*:\s*true\b|\bfocus\s*:\s*true\b|:focus\b/,
    detail: 'one test is focused, so the others do not run',
  },
  {
    code: 'test-skipped',
    where: 'test',
    pattern: /^pytestmark\s*=|^def\s+load_tests\s*\(|^collect_ignore/,
    detail: 'what is collected changes',
  },
  {
    code: 'test-skipped',
    where: 'test',
    pattern: /@Tags?\(|@(?:Enabled|Disabled)(?:If|On|For)\w*|@Explicit\b|\bAssume(?:ptions)?\.\w+\s*\(/,
    detail: 'a test runs only where it suits',
  },
  {
    code: 'test-skipped',
    where: 'test',
    pattern: /^\/\/\s*(?:go:build|\+build)\b|#!?\[cfg\((?!test\))|#\[cfg_attr\([^,]+,\s*ignore/,
    detail: 'a test is left out of the build',
  },
];

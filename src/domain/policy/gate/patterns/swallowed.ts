import type { AddedPattern } from './added-pattern.ts';

/** Failures that no longer count. What is caught in a block of several lines is judged by `swallowedFindings`. */
export const SWALLOWED: readonly AddedPattern[] = [
  { code: 'exit-swallowed', where: 'any', pattern: /\|\|\s*(?:true|:|exit\s+0|echo\b)/, detail: 'a failing command no longer fails' },
  { code: 'exit-swallowed', where: 'any', pattern: /;\s*(?:true|exit\s+0)\s*["']?\s*,?$/, detail: 'a failing command no longer fails' },
  { code: 'exit-swallowed', where: 'any', pattern: /^set\s+\+e\b/, detail: 'a script goes on after failures' },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern:
      /--(?:passWithNoTests|pass-with-no-tests|exit-zero|no-fail|no-error-on-unmatched-pattern)\b|\bcontinue-on-error\s*:\s*true|\ballow_failure\s*:\s*true|\bmaven\.test\.(?:skip|failure\.ignore)|-DskipTests|\btestFailureIgnore\b/,
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
    pattern: /^except(?:\s+(?:Base)?Exception(?:\s+as\s+\w+)?)?\s*:\s*(?:pass|continue|return\b[^\n]*)$/,
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
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern:
      /\bprocess\.exitCode\s*=\s*0\b|\bos\._exit\s*\(|\bexit!(?:\s|\(|$)|\bprocess\.reallyExit\b|\bRuntime\.getRuntime\(\)\.(?:halt|exit)\s*\(\s*0/,
    detail: 'a program ends as if all were well',
  },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern: /\btrap\s+['"]?exit\s+0|\btrap\s+['"]{2}\s+(?:ERR|EXIT)|^exit\s+0\s*$|^exit$|\bset\s+\+o\s+pipefail\b|\|\|\s*\(?\s*exit\s+0/,
    detail: 'a script ends as if all were well',
  },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern:
      /\b(?:pytest|unittest|jest|vitest|mocha|rspec|(?:go|cargo|npm|mvn|gradle|yarn|pnpm)\s+(?:run\s+)?test)\b[^|&;]*(?:\|\s*(?:tee|cat|grep|head|tail|sed)\b|&\s*$)/,
    detail: 'the result of a check is lost in a pipe or in the background',
  },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern:
      /\b(?:ignore_errors|ignoreFailures|ignoreExitValue|allowFailure|ignore_failures|failOnError|abortOnError|haltOnFailure)\b\s*[:=(]?\s*(?:true|false|yes)|<(?:skipTests|skip|failIfNoTests)>|\bwarn_only\s*=\s*True/,
    detail: 'failures are told not to count',
  },
  {
    code: 'exit-swallowed',
    where: 'any',
    pattern:
      /\batexit\.register\s*\(|\bat_exit\b|\bMinitest\.after_run\b|\bprocess\.(?:on|once|addListener|prependListener)\(\s*['"](?:exit|beforeExit|uncaughtException|unhandledRejection)['"]|\bsys\.excepthook\s*=|\bsetDefaultUncaughtExceptionHandler\b|\baddShutdownHook\b|\bpanic::set_hook\b/,
    detail: 'the end of the process is taken over',
  },
  {
    code: 'exception-swallowed',
    where: 'any',
    pattern: /\bcatch_unwind\s*\(|\brescue\s+(?:nil|false|0|true)\b|\bdefer\s+func\(\)\s*\{\s*(?:_\s*=\s*)?recover\(\)/,
    detail: 'an exception is caught and dropped',
  },
  {
    code: 'exception-swallowed',
    where: 'test',
    pattern:
      /\bexcept\s*\(?[^:]*\b(?:AssertionError|BaseException|Failed)\b|\bcatch\s*\(\s*(?:final\s+)?(?:AssertionError|AssertionFailedError|Throwable|Error)\b|\brescue\s+(?:\w+::)*(?:Assertion|ExpectationNotMetError|Exception)|\bsuppress\s*\(/,
    detail: 'a failed assertion is caught',
  },
];

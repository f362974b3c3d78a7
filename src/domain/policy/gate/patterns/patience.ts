import type { AddedPattern } from './added-pattern.ts';

/** Tests that are given more time, or more tries. */
export const PATIENCE: readonly AddedPattern[] = [
  {
    code: 'tolerance-changed',
    where: 'test',
    pattern:
      /\bjest\.(?:setTimeout|retryTimes)\s*\(|\bthis\.(?:timeout|retries|slow)\s*\(|@(?:pytest\.mark\.)?(?:flaky|timeout|retry|rerun)\b|@(?:Flaky|Retry|RetryingTest|RepeatedIfExceptionsTest|Timeout)\b|\bvi\.setConfig\s*\(|\b(?:testTimeout|hookTimeout|retries|reruns)\b\s*[:=(]|\bretry\s*:\s*\d|--reruns\b/,
    detail: 'a test is given more time or more tries',
  },
];

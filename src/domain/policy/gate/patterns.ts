import type { AddedPattern } from './patterns/added-pattern.ts';
import { DETECTS_TESTS } from './patterns/detects-tests.ts';
import { FRAMEWORK } from './patterns/framework.ts';
import { HIDDEN } from './patterns/hidden.ts';
import { PATIENCE } from './patterns/patience.ts';
import { SILENCED } from './patterns/silenced.ts';
import { SKIPS } from './patterns/skips.ts';
import { SWALLOWED } from './patterns/swallowed.ts';

/** Every pattern is linear-time and looks at one trimmed line, or at a window of a long one. */
export const ADDED_PATTERNS: readonly AddedPattern[] = [
  ...SKIPS,
  ...PATIENCE,
  ...SWALLOWED,
  ...SILENCED,
  ...DETECTS_TESTS,
  ...FRAMEWORK,
  ...HIDDEN,
];

import { action } from './action/index.ts';
import { configRollback } from './config-rollback/index.ts';
import type { Strategy } from './contract.ts';
import { dependency } from './dependency/index.ts';
import { formatter } from './formatter/index.ts';
import { generated } from './generated/index.ts';
import { linter } from './linter/index.ts';
import { lockfile } from './lockfile/index.ts';
import { modelPatch } from './model-patch/index.ts';
import { recipe } from './recipe/index.ts';
import { rerun } from './rerun/index.ts';
import { revert } from './revert/index.ts';
import { snapshot } from './snapshot/index.ts';

/** Every strategy, and nothing else; the evidence orders them. */
export const strategies: readonly Strategy[] = [
  action,
  configRollback,
  dependency,
  formatter,
  generated,
  linter,
  lockfile,
  modelPatch,
  recipe,
  rerun,
  revert,
  snapshot,
];

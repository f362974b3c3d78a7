import { configRollback } from './config-rollback/index.ts';
import type { Strategy } from './contract.ts';
import { formatter } from './formatter/index.ts';
import { modelPatch } from './model-patch/index.ts';
import { revert } from './revert/index.ts';

/** Every strategy, and nothing else; the evidence orders them. */
export const strategies: readonly Strategy[] = [configRollback, formatter, revert, modelPatch];

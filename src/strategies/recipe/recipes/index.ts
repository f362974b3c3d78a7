import type { Recipe } from '../contract.ts';
import { compiled } from './compiled.ts';
import { javascript } from './javascript.ts';
import { python } from './python.ts';

/** Every recipe. */
export const recipes: readonly Recipe[] = [...javascript, ...python, ...compiled];

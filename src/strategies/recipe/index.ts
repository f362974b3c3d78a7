import type { Plan, PlanStep } from '../../domain/plan.schema.ts';
import { changedPaths } from '../../domain/policy/diagnose.ts';
import { isTestFile } from '../../domain/policy/gate/paths.ts';
import { protection } from '../../domain/policy/protected-paths.ts';
import { loggedPath } from '../complaints.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';
import { applyRecipe } from './apply.ts';
import { FILES, type Recipe } from './contract.ts';
import { recipes } from './recipes/index.ts';

const REFUSES = {
  'switched-off': 'the policy switches recipes off',
  'not-known': 'nothing that was said is among the known breakages',
  'no-file': 'no program file is known in which it would stand',
  'nothing-to-rewrite': 'the files at hand hold nothing that the recipe rewrites',
  'all-tried': 'every recipe that fits was tried already',
} as const;
const no = refuser('recipe', REFUSES);
/** Files that are looked at, and changed, at most. */
const MAX_FILES = 20;

/** Recipes for what was said, by tools or in the log. */
function fitting({ digest, policy }: StrategyContext): readonly Recipe[] {
  const said = [
    ...(digest?.complaints ?? []).flatMap(({ message, rule }) => [message, rule ?? '']),
    ...(digest?.excerpts ?? []).map(({ text }) => text),
  ];
  return recipes.filter(({ id, says }) => !policy.recipes.except.includes(id) && said.some((text) => says.test(text)));
}

/** Program files in which it may stand: those that complaints and stacks name, else those that changed since green. Tests and protected files are none. */
function suspects(context: StrategyContext, { language, says }: Recipe): readonly string[] {
  const { complaints = [], frames = [] } = context.digest ?? {};
  const named = [
    ...complaints.filter(({ message, rule }) => says.test(message) || says.test(rule ?? '')).map(({ path }) => path ?? ''),
    ...frames.map(({ path }) => path),
  ];
  const program = (paths: readonly string[]) =>
    [...new Set(paths.map((path) => loggedPath(path)))].filter(
      (path): path is string =>
        path !== null && FILES[language].test(path) && !isTestFile(path) && protection(path, context.policy.protectedPaths) === null,
    );
  const first = program(named);
  return (first.length > 0 ? first : program(changedPaths(context.incident))).slice(0, MAX_FILES);
}

function rank(context: StrategyContext): Rank {
  if (!context.policy.recipes.enabled) return no.rank('switched-off', 'the policy file switches recipes off');
  const [first] = fitting(context);
  return first === undefined
    ? no.rank('not-known', 'nothing that was said is among the known breakages')
    : { score: RANKS.recipe.known.score, why: `${first.id} is known` };
}

function plan(context: StrategyContext): StrategyAnswer {
  const candidates = fitting(context).map((recipe) => ({ recipe, paths: suspects(context, recipe) }));
  const paths = candidates.flatMap((each) => each.paths);
  if (paths.length === 0) return no.answer('no-file', 'neither complaints, stacks nor what changed name a program file');
  const files = readAt(context, paths);
  if ('kind' in files) return files;
  const plans = candidates.flatMap(({ recipe, paths: own }): Plan[] => {
    const steps = own.flatMap((path): PlanStep[] => {
      const file = files.get(path);
      const text = file?.text ?? null;
      const after = text === null ? null : applyRecipe(text, recipe);
      return after === null || after === text
        ? []
        : [{ kind: 'write-text', path, text: after, mode: file?.mode === '100755' ? '100755' : '100644' }];
    });
    if (steps.length === 0) return [];
    const title = `Apply the recipe ${recipe.id} to ${steps.length} file(s)`;
    return [
      {
        strategy: 'recipe',
        title,
        rationale: `What was said is a known breakage with a known repair: ${recipe.does}.`,
        steps,
        risk: 'low',
      },
    ];
  });
  if (plans.length === 0) return no.answer('nothing-to-rewrite', `${paths.length} file(s) hold nothing that the recipe rewrites`);
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'every recipe that fits was tried already') : { kind: 'plan', plan: untried };
}

/** Applies a known repair to a known breakage. */
export const recipe: Strategy = {
  id: 'recipe',
  name: 'Recipe',
  costs: 'nothing',
  heals: 'a known breakage, such as a function that a new version took away: a reviewed rewrite of program code, never of tests',
  ranks: Object.values(RANKS.recipe),
  refuses: REFUSES,
  rank,
  plan,
};

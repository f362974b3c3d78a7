import { matchesAny } from '../../domain/glob.ts';
import type { Plan } from '../../domain/plan.schema.ts';
import { complaintsOf, namedPaths } from '../complaints.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { asOnly } from '../only.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';
import { detectGenerators, GENERATOR_FILES } from './generators.ts';
import { markedPaths, saysGenerated } from './marked.ts';

const REFUSES = {
  'not-generated': 'the failure is not about generated files',
  'nothing-marked': 'no file that is out of date is marked as generated, by policy, .gitattributes or its header',
  'no-generator': 'neither the policy nor the files of the repository tell how they are made',
  'all-tried': 'every generator was run already',
} as const;
const no = refuser('generated', REFUSES);

function planOf(run: string, from: string, only: readonly string[]): Plan {
  return {
    strategy: 'generated',
    title: 'Make generated files anew',
    rationale: `A generated file is out of date. It is made by ${from}; only what is marked as generated may change.`.slice(0, 1000),
    steps: [{ kind: 'run-tool', run, only: only.slice(0, 100) }],
    risk: 'low',
  };
}

function rank(context: StrategyContext): Rank {
  return context.diagnosis.class === 'generated-file'
    ? { score: RANKS.generated.stale.score, why: 'a generated file is out of date' }
    : no.rank('not-generated', `the failure is of the class ${context.diagnosis.class}`);
}

function plan(context: StrategyContext): StrategyAnswer {
  const complaints = complaintsOf(context, 'generated-file');
  const stale = namedPaths(complaints);
  const said = [...complaints.map(({ message }) => message), ...(context.digest?.excerpts ?? []).map(({ text }) => text)];
  const { generated } = context.policy;
  const fitting = generated.filter(({ paths }) => stale.length === 0 || stale.some((path) => matchesAny(path, paths)));
  const declared = fitting.map(({ paths, run }) => planOf(run, 'the command that the policy file names', paths.map(asOnly)));
  const first = firstUntried(context, declared);
  if (first !== undefined) return { kind: 'plan', plan: first };
  if (declared.length > 0) return no.answer('all-tried', 'the generators that the policy names were run already');
  const files = readAt(context, [...GENERATOR_FILES, ...stale.slice(0, 40)]);
  if ('kind' in files) return files;
  const marked = [...markedPaths(files.text('.gitattributes')), ...stale.filter((path) => saysGenerated(files.text(path) ?? ''))];
  if (marked.length === 0)
    return no.answer('nothing-marked', 'no stale file is marked as generated: name them as `generated` in the policy file');
  const plans = detectGenerators(files, said).map(({ run, from }) => planOf(run, from, marked));
  if (plans.length === 0) return no.answer('no-generator', 'nothing tells how they are made: name it as `generated` in the policy file');
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'every generator was run already') : { kind: 'plan', plan: untried };
}

/** Runs the repository's own generator. */
export const generated: Strategy = {
  id: 'generated',
  name: 'Generated files',
  costs: 'nothing',
  heals: "a generated file that is out of date: runs the repository's own generator and keeps only what is marked as generated",
  ranks: Object.values(RANKS.generated),
  refuses: REFUSES,
  rank,
  plan,
};

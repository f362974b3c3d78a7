import { complaintsOf } from '../complaints.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { fixersFor, fixPlan, TOOL_FILES } from '../fixers.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';
import { detectLinters } from './detect.ts';

const REFUSES = {
  'not-a-lint-check': 'the failing check is not about lint',
  'no-linter': 'no linter of the repository that complains is known to repair anything safely',
  'all-tried': 'every fix was run already',
} as const;
const ID = 'linter';
const no = refuser(ID, REFUSES);
const TITLE = "Apply the linter's safe fixes";

const declared = ({ policy, incident }: StrategyContext) => policy.lint !== undefined && policy.lint.check === incident.failing.name;

function rank(context: StrategyContext): Rank {
  if (declared(context)) return { score: RANKS.linter.declared.score, why: 'the failing check is the lint check' };
  if (context.diagnosis.class === 'lint') return { score: RANKS.linter.detected.score, why: 'a linter complains' };
  return no.rank('not-a-lint-check', `the check ${context.incident.failing.name} does not complain about lint`);
}

function plan(context: StrategyContext): StrategyAnswer {
  const complaints = complaintsOf(context, 'lint');
  if (context.policy.lint !== undefined && declared(context)) {
    const fixer = { run: context.policy.lint.fix, from: 'the command that the policy file names for this check' };
    // The log may name fewer files than the check does; what the owner's own command changes beside them comes second.
    const plan = firstUntried(context, [fixPlan(ID, TITLE, fixer, complaints), fixPlan(ID, TITLE, fixer, [])]);
    return plan === undefined ? no.answer('all-tried', 'the command of the policy file was run already') : { kind: 'plan', plan };
  }
  if (context.diagnosis.class !== 'lint') return no.answer('not-a-lint-check', 'the failing check is not about lint');
  const files = readAt(context, TOOL_FILES);
  if ('kind' in files) return files;
  const plans = fixersFor(detectLinters(files), complaints).map((fixer) =>
    fixPlan(
      ID,
      TITLE,
      fixer,
      complaints.filter(({ tool }) => fixer.tools.includes(tool.toLowerCase())),
    ),
  );
  if (plans.length === 0)
    return no.answer('no-linter', 'no linter that complains is known to repair anything safely: name its fix as `lint` in the policy file');
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'every fix was run already') : { kind: 'plan', plan: untried };
}

/** Runs the repository's own linter with its safe fixes. */
export const linter: Strategy = {
  id: ID,
  name: 'Linter',
  costs: 'nothing',
  heals: "a red lint check: runs the repository's own linter with its safe fixes, on the files that it named; it silences nothing",
  ranks: Object.values(RANKS.linter),
  refuses: REFUSES,
  rank,
  plan,
};

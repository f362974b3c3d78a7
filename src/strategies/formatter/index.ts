import { complaintsOf } from '../complaints.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { fixersFor, fixPlan, TOOL_FILES } from '../fixers.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';
import { detectFormatters } from './detect.ts';

const REFUSES = {
  'not-a-format-check': 'the failing check is not about format',
  'no-formatter': 'neither the policy nor the files of the repository tell how it is formatted',
  'all-tried': 'every formatter was run already',
} as const;
const ID = 'formatter';
const no = refuser(ID, REFUSES);
const TITLE = "Run the repository's formatter";

const declared = ({ policy, incident }: StrategyContext) => policy.format !== undefined && policy.format.check === incident.failing.name;

function rank(context: StrategyContext): Rank {
  if (declared(context)) return { score: RANKS.formatter.declared.score, why: 'the failing check is the format check' };
  if (context.diagnosis.class === 'format') return { score: RANKS.formatter.detected.score, why: 'a formatter complains' };
  return no.rank('not-a-format-check', `the check ${context.incident.failing.name} does not complain about format`);
}

function plan(context: StrategyContext): StrategyAnswer {
  const complaints = complaintsOf(context, 'format');
  if (context.policy.format !== undefined && declared(context)) {
    const fixer = { run: context.policy.format.fix, from: 'the command that the policy file names for this check' };
    // The log may name fewer files than the check does; what the owner's own command changes beside them comes second.
    const plan = firstUntried(context, [fixPlan(ID, TITLE, fixer, complaints), fixPlan(ID, TITLE, fixer, [])]);
    return plan === undefined ? no.answer('all-tried', 'the command of the policy file was run already') : { kind: 'plan', plan };
  }
  if (context.diagnosis.class !== 'format') return no.answer('not-a-format-check', 'the failing check is not about format');
  const files = readAt(context, TOOL_FILES);
  if ('kind' in files) return files;
  const plans = fixersFor(detectFormatters(files), complaints).map((fixer) =>
    fixPlan(
      ID,
      TITLE,
      fixer,
      complaints.filter(({ tool }) => fixer.tools.includes(tool.toLowerCase())),
    ),
  );
  if (plans.length === 0)
    return no.answer('no-formatter', 'nothing tells how this repository is formatted: name it as `format` in the policy file');
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'every formatter was run already') : { kind: 'plan', plan: untried };
}

/** Runs the repository's own formatter. */
export const formatter: Strategy = {
  id: ID,
  name: 'Formatter',
  costs: 'nothing',
  heals: "a red format check: runs the repository's own formatter at its own version and configuration",
  ranks: Object.values(RANKS.formatter),
  refuses: REFUSES,
  rank,
  plan,
};

import { complaintsOf } from './complaints.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from './contract.ts';
import { type Fixer, fixersFor, fixPlan, TOOL_FILES } from './fixers.ts';
import { type Files, readAt } from './reading.ts';
import { refuser } from './refuse.ts';
import { firstUntried } from './tried.ts';

/** A tool of the repository that repairs what it complains about itself. */
export interface RepairingTool<Other extends string, None extends string> {
  readonly id: string;
  readonly name: string;
  readonly heals: string;
  /** Title of its plans. */
  readonly title: string;
  /** The class of failure, and the key of the policy that declares its command. */
  readonly kind: 'format' | 'lint';
  /** What kind of tool it is, for people. */
  readonly tool: string;
  readonly ranks: Readonly<Record<'declared' | 'detected', Strategy['ranks'][number]>>;
  /** Codes of the check being about something else, of no tool being known, and of nothing being left to try. */
  readonly refuses: Readonly<Record<Other | None | 'all-tried', string>>;
  readonly other: Other;
  readonly none: None;
  /** What a person can do where no tool is known. */
  readonly way: string;
  /** Tools that the files of the repository tell of. */
  readonly detect: (files: Files) => readonly Fixer[];
}

/** The strategy that runs such a tool: the command that the policy declares for the failing check, else what the repository's files tell. */
export function repairingTool<Other extends string, None extends string>(given: RepairingTool<Other, None>): Strategy {
  const { id, kind, other, none, ranks, refuses, title } = given;
  const no = refuser(id, refuses);
  const declared = ({ policy, incident }: StrategyContext) => policy[kind] !== undefined && policy[kind].check === incident.failing.name;

  function rank(context: StrategyContext): Rank {
    if (declared(context)) return { score: ranks.declared.score, why: `the failing check is the ${kind} check` };
    if (context.diagnosis.class === kind) return { score: ranks.detected.score, why: `a ${given.tool} complains` };
    return no.rank(other, `the check ${context.incident.failing.name} does not complain about ${kind}`);
  }

  function plan(context: StrategyContext): StrategyAnswer {
    const complaints = complaintsOf(context, kind);
    if (context.policy[kind] !== undefined && declared(context)) {
      const fixer = { run: context.policy[kind].fix, from: 'the command that the policy file names for this check' };
      // The log may name fewer files than the check does; what the owner's own command changes beside them comes second.
      const untried = firstUntried(context, [fixPlan(id, title, fixer, complaints), fixPlan(id, title, fixer, [])]);
      return untried === undefined
        ? no.answer('all-tried', 'the command of the policy file was run already')
        : { kind: 'plan', plan: untried };
    }
    if (context.diagnosis.class !== kind) return no.answer(other, refuses[other]);
    const files = readAt(context, TOOL_FILES);
    if ('kind' in files) return files;
    const plans = fixersFor(given.detect(files), complaints).map((fixer) =>
      fixPlan(
        id,
        title,
        fixer,
        complaints.filter(({ tool }) => fixer.tools.includes(tool.toLowerCase())),
      ),
    );
    if (plans.length === 0) return no.answer(none, given.way);
    const untried = firstUntried(context, plans);
    return untried === undefined ? no.answer('all-tried', refuses['all-tried']) : { kind: 'plan', plan: untried };
  }

  return { id, name: given.name, costs: 'nothing', heals: given.heals, ranks: Object.values(ranks), refuses, rank, plan };
}

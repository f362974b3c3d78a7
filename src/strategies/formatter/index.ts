import type { Strategy, StrategyContext } from '../contract.ts';

const refusal = (code: string, detail: string) => ({ strategy: 'formatter', code, detail });

function check(context: StrategyContext) {
  const { format } = context.policy;
  if (format === undefined) return { applies: false as const, refusal: refusal('no-formatter', 'the policy file names no formatter') };
  if (format.check !== context.incident.failing.name)
    return { applies: false as const, refusal: refusal('not-a-format-check', `the failing check is not ${format.check}`.slice(0, 300)) };
  return { applies: true as const, fix: format.fix };
}

/** Runs the repository's own formatter. */
export const formatter: Strategy = {
  id: 'formatter',
  name: 'Formatter',
  costs: 'nothing',
  heals: "a red format check: runs the repository's own formatter at its own version and configuration",
  rank(context) {
    const answer = check(context);
    return answer.applies ? { score: 100, why: 'the failing check is the format check' } : { score: null, refusal: answer.refusal };
  },
  plan(context) {
    const answer = check(context);
    if (!answer.applies) return { kind: 'refused', refusal: answer.refusal };
    return {
      kind: 'plan',
      plan: {
        strategy: 'formatter',
        title: "Run the repository's formatter",
        rationale:
          `The check ${context.incident.failing.name} complains about format, and the policy file names the command that fixes it.`.slice(
            0,
            1000,
          ),
        steps: [{ kind: 'run-tool', run: answer.fix, only: [] }],
        risk: 'low',
      },
    };
  },
};

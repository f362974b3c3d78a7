import type { Plan } from '../../domain/plan.schema.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { asOnly } from '../only.ts';
import { parsePackageJson } from '../package-json.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';

const REFUSES = {
  'not-a-snapshot': 'the failure is not about recorded expectations',
  'gate-would-refuse': 'the gate refuses every edited snapshot; a person must allow it for one path in the policy first',
  'no-runner': 'no test runner is known that records them anew',
  'all-tried': 'they were recorded anew already',
} as const;
const no = refuser('snapshot', REFUSES);
/** Code of the gate's finding. */
const FINDING = 'snapshot-edited';

/** Runners that record expectations anew. */
const RUNNERS: ReadonlyArray<{ readonly named: RegExp; readonly dependency?: string; readonly run: string }> = [
  { named: /\bvitest\b/, dependency: 'vitest', run: 'npx --no-install vitest run --update' },
  { named: /\bjest\b/, dependency: 'jest', run: 'npx --no-install jest --ci=false --updateSnapshot' },
  { named: /\bpytest\b/, run: 'python3 -m pytest --snapshot-update' },
  { named: /\bcargo (?:insta )?test\b/, run: 'INSTA_UPDATE=always cargo test' },
];

const allowed = ({ policy }: StrategyContext) => policy.gateAllow.filter(({ code }) => code === FINDING).map(({ path }) => path);

function rank(context: StrategyContext): Rank {
  if (context.diagnosis.class !== 'snapshot') return no.rank('not-a-snapshot', `the failure is of the class ${context.diagnosis.class}`);
  if (allowed(context).length === 0)
    return no.rank(
      'gate-would-refuse',
      `recording anew makes every regression green, so the gate refuses it; who wants it anyway allows \`${FINDING}\` for one path in \`gateAllow\``,
    );
  return { score: RANKS.snapshot.stale.score, why: 'a recorded expectation differs' };
}

function plan(context: StrategyContext): StrategyAnswer {
  const files = readAt(context, ['package.json']);
  if ('kind' in files) return files;
  const { run } = context.incident.failing;
  const manifest = parsePackageJson(files.text('package.json'));
  // `npm test` does not name its runner; the one script that it runs, or the dependencies, do.
  const said = `${run} ${manifest?.scripts['test'] ?? ''}`;
  const runners = RUNNERS.filter(
    ({ named, dependency }) =>
      named.test(said) ||
      (dependency !== undefined && /\b(?:npm|yarn|pnpm)\b/.test(run) && Object.hasOwn(manifest?.dependencies ?? {}, dependency)),
  );
  const plans = runners.map(
    (runner): Plan => ({
      strategy: 'snapshot',
      title: 'Record expectations anew',
      rationale: `A recorded expectation differs from what the program does now. Recording it anew is right only if the new behaviour is wanted, which a person decides: it would make any regression green.`,
      steps: [{ kind: 'run-tool', run: runner.run, only: allowed(context).map(asOnly).slice(0, 100) }],
      risk: 'high',
      always: 'ask',
    }),
  );
  if (plans.length === 0) return no.answer('no-runner', 'no test runner is known that records expectations anew');
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'they were recorded anew already') : { kind: 'plan', plan: untried };
}

/** Proposes to record expectations anew; never without a person. */
export const snapshot: Strategy = {
  id: 'snapshot',
  name: 'Snapshots',
  costs: 'nothing',
  heals: 'a recorded expectation that is out of date, where the policy allows that: records it anew, and a person always decides',
  ranks: Object.values(RANKS.snapshot),
  refuses: REFUSES,
  rank,
  plan,
};

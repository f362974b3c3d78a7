import type { Plan, Proposal } from '../../domain/plan.schema.ts';
import { oneLine } from '../../lib/excerpt.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { pathOfTest } from '../test-paths.ts';
import { flakyTests } from './flaky-tests.ts';
import { OWNER_FILES, ownerOf } from './owners.ts';
import { mayBeTouched } from './touched.ts';

const REFUSES = {
  'not-flaky': 'every run at the broken revision came to the same',
  'no-flaky-test': 'the reports of the runs tell no test that failed in one and passed in another',
  'range-unknown': 'what changed since green is not known, so a flaky test cannot be told from one that a change touched',
  touched: 'a change since green touched every flaky test: it may be the reason',
  'no-owner': 'nobody owns the flaky tests, and a quarantine without an owner never ends',
  'switched-off': 'the policy allows no quarantine',
} as const;
const no = refuser('rerun', REFUSES);
const DAY_MS = 24 * 3_600_000;

function rank(context: StrategyContext): Rank {
  const { reproduction, diagnosis } = context;
  if (reproduction?.verdict === 'flaky') return { score: RANKS.rerun.flaky.score, why: 'red and green at one revision' };
  if (diagnosis.class === 'flaky') return { score: RANKS.rerun.flaky.score, why: 'it is diagnosed as flaky' };
  if (diagnosis.class === 'infrastructure' && (reproduction?.runs.length ?? 0) > 1)
    return { score: RANKS.rerun.infrastructure.score, why: 'several runs are there to compare' };
  return no.rank('not-flaky', 'every run at the broken revision came to the same');
}

/** Why the range since green cannot be judged, or null. */
function unknownRange({ incident }: StrategyContext): string | null {
  if (incident.lastGreenSha === undefined) return 'no revision is known on which the check was green';
  if (incident.commitsTruncated || incident.commits.some(({ pathsTruncated }) => pathsTruncated))
    return 'more changed since green than is known';
  return null;
}

function plan(context: StrategyContext): StrategyAnswer {
  const { flaky } = context.policy;
  if (flaky.maxQuarantined === 0) return no.answer('switched-off', 'the policy allows no quarantine');
  const runs = context.reproduction?.runs ?? [];
  const tests = flakyTests(runs);
  if (tests.length === 0)
    return no.answer('no-flaky-test', `the reports of ${runs.length} run(s) tell no test that failed in one and passed in another`);
  const unknown = unknownRange(context);
  if (unknown !== null) return no.answer('range-unknown', unknown);
  const untouched = tests.filter((test) => !mayBeTouched(test, context.incident));
  if (untouched.length === 0) return no.answer('touched', `a change since green touched ${tests.length} flaky test(s)`);
  const files = flaky.owner === undefined ? readAt(context, OWNER_FILES) : null;
  if (files !== null && 'kind' in files) return files;
  const owners = files === null ? null : (OWNER_FILES.map((path) => files.text(path)).find((text) => text !== null) ?? '');
  const until = new Date(Date.parse(context.now) + flaky.quarantineDays * DAY_MS).toISOString();
  const proposals = untouched.flatMap((test): Proposal[] => {
    const owner = flaky.owner ?? ownerOf(owners ?? '', pathOfTest(test));
    if (owner === null) return [];
    const red = runs.filter(({ report }) => report?.failedTests.includes(test)).length;
    return [{ kind: 'quarantine', test: test.slice(0, 300), owner, until, why: `failed in ${red} of ${runs.length} runs at one revision` }];
  });
  if (proposals.length === 0) return no.answer('no-owner', 'name who mends them as `flaky.owner` in the policy file, or in CODEOWNERS');
  const proposed = proposals.slice(0, flaky.maxQuarantined);
  const rest = tests.length - proposed.length;
  const plan: Plan = {
    strategy: 'rerun',
    title: `Quarantine ${proposed.length} flaky test(s) until ${until.slice(0, 10)}`,
    rationale: oneLine(
      `Red and green at one revision: nothing is healed, and nothing is to be reverted for it.${rest > 0 ? ` ${rest} further flaky test(s) are left as they are: touched since green, without an owner, or beyond the cap.` : ''}`,
      1000,
    ),
    steps: [],
    proposals: proposed,
    risk: 'low',
  };
  return { kind: 'plan', plan };
}

/** Tells flaky tests from broken ones and proposes to quarantine them; it never calls a rerun a repair. */
export const rerun: Strategy = {
  id: 'rerun',
  name: 'Rerun and quarantine',
  costs: 'nothing',
  heals: 'nothing by itself: tells flaky tests from broken ones by runs of one revision, and proposes a quarantine with owner and expiry',
  ranks: Object.values(RANKS.rerun),
  refuses: REFUSES,
  rank,
  plan,
};

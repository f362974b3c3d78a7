import { describe, expect, it } from 'vitest';
import type { CommitFacts } from '../../src/domain/incident.schema.ts';
import type { StrategyContext } from '../../src/strategies/contract.ts';
import { revert } from '../../src/strategies/revert/index.ts';
import { weightsOf } from '../../src/strategies/revert/weights.ts';
import { answered, commitOf, contextOf, type Given, GREEN } from './context.ts';

const id = (index: number): string => (index + 10).toString(16).padStart(40, 'c');

/** A line of commits, newest first; the culprit is red and everything older green. */
function line(count: number, more: Readonly<Record<number, Partial<CommitFacts>>> = {}): readonly CommitFacts[] {
  return Array.from({ length: count }, (_, index) =>
    commitOf(id(index), { parents: [index + 1 < count ? id(index + 1) : GREEN], paths: [`src/${index}.ts`], ...more[index] }),
  );
}

const fresh = (commits: readonly CommitFacts[], given: Given = {}) =>
  contextOf({ commits, ...given, incident: { headSha: commits[0]?.sha ?? GREEN, ...given.incident } });

/** Answers probes until it plans or refuses. */
function searchedOut(context: StrategyContext, culprit: number) {
  let now = context;
  for (let count = 0; count < 60; count += 1) {
    const answer = answered(revert, now);
    if (answer.kind !== 'probe') return answer;
    const { sha, round } = answer.probe;
    const index = sha === GREEN ? context.incident.commits.length : context.incident.commits.findIndex((commit) => commit.sha === sha);
    now = { ...now, probes: [...now.probes, { sha, round, colour: index <= culprit ? 'red' : 'green' }] };
  }
  throw new Error('it probes without end');
}

describe('the revert strategy', () => {
  it('undoes the commit that it found and verified', () => {
    expect(searchedOut(fresh(line(8)), 3)).toMatchObject({
      kind: 'plan',
      plan: { title: `Revert ${id(3).slice(0, 8)}`, steps: [{ kind: 'revert-commit', sha: id(3) }], risk: 'low' },
    });
  });

  it('undoes a merge against its first parent, with more care', () => {
    const commits = line(4, { 1: { parents: [id(2), 'd'.repeat(40)] } });
    expect(searchedOut(fresh(commits), 1)).toMatchObject({ plan: { steps: [{ sha: id(1), mainline: 1 }], risk: 'medium' } });
  });

  it('lets a person decide, whatever the autonomy, where one revision was red and green', () => {
    const commits = line(8);
    const sound = searchedOut(fresh(commits), 3);
    expect(sound).toMatchObject({ kind: 'plan' });
    expect(sound).not.toHaveProperty('plan.always');
    const doubtful = fresh(commits);
    const twice = (['red', 'green'] as const).map((colour, round) => ({ sha: id(5), round, colour }));
    expect(searchedOut({ ...doubtful, probes: twice }, 3)).toMatchObject({ kind: 'plan', plan: { always: 'ask' } });
  });

  it('lets a person decide where a later commit touches the same files', () => {
    expect(searchedOut(fresh(line(4, { 0: { paths: ['src/2.ts'] } })), 2)).toMatchObject({ plan: { risk: 'high' } });
    expect(searchedOut(fresh(line(4, { 0: { subject: `Follow up on ${id(2).slice(0, 10)}` } })), 2)).toMatchObject({
      plan: { risk: 'high' },
    });
  });

  const OLD = { at: '2026-10-01T12:00:00.000Z' };
  it.each<readonly [string, StrategyContext, number]>([
    ['too-old', fresh(line(3, { 1: OLD })), 1],
    ['opted-out', fresh(line(3, { 1: { subject: 'Ship it [no-revert]' } })), 1],
    ['is-a-revert', fresh(line(3, { 1: { subject: 'Revert "Ship it"' } })), 1],
    ['reverted-already', fresh(line(3, { 0: { subject: 'Revert "Ship it"' }, 1: { subject: 'Ship it' } })), 1],
    ['proposed-before', fresh(line(3), { more: { reverts: { today: 1, before: [id(1)] } } }), 1],
    ['has-dependents', fresh(line(9, Object.fromEntries([0, 1, 2, 3, 4, 5].map((index) => [index, { paths: ['src/7.ts'] }])))), 7],
    ['not-verified', fresh(line(3)), 3],
  ])('refuses a culprit as %s', (code, context, culprit) => {
    expect(searchedOut(context, culprit)).toMatchObject({ kind: 'refused', refusal: { code } });
  });

  it.each<readonly [string, StrategyContext]>([
    ['switched-off', fresh(line(2), { policy: { revert: { enabled: false } } })],
    ['day-full', fresh(line(2), { more: { reverts: { today: 5, before: [] } } })],
    ['day-full', fresh(line(2), { policy: { revert: { maxPerDay: 0 } } })],
    ['flaky', fresh(line(2), { reproduction: { verdict: 'flaky', detail: '', runs: [] } })],
    ['nothing-changed', contextOf({ commits: [] })],
    ['too-many-commits', fresh(line(2), { incident: { commitsTruncated: true } })],
    ['no-line', fresh(line(3, { 1: { parents: ['e'.repeat(40)] } }))],
    ['no-line', fresh(line(2, { 1: { parents: [id(0)] } }))],
  ])('does not apply as %s, before any run', (code, context) => {
    expect(revert.rank(context)).toMatchObject({ score: null, refusal: { code } });
    expect(answered(revert, context)).toMatchObject({ kind: 'refused', refusal: { code } });
  });

  it('does not apply where no green revision is known', () => {
    const { lastGreenSha: _, ...incident } = fresh(line(2)).incident;
    expect(revert.rank({ ...fresh(line(2)), incident })).toMatchObject({ refusal: { code: 'no-green-revision' } });
  });
});

describe('what is thought likely before any run', () => {
  it('is what touches the stack or the failing test, and hardly what touches prose alone', () => {
    const commits = line(4, { 1: { paths: ['src/price.ts'] }, 2: { paths: ['README.md'] }, 3: { paths: ['test/cart.test.ts'] } });
    const context = fresh(commits, {
      digest: { frames: [{ path: 'src/price.ts', line: 1 }] },
      incident: { failingTests: ['test/cart.test.ts > sums'] },
    });
    expect(weightsOf(context, commits)).toEqual([1, 4, 0.2, 3]);
  });
});

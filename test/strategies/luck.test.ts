import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.schema.ts';
import { confirmationsFor, judgeProof, judgeReproduction } from '../../src/domain/policy/proof.ts';
import type { ProofRound, RunFacts } from '../../src/domain/proof.schema.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import { runFacts } from '../support/run-facts.ts';
import { searched, seeded } from './noisy.ts';

type Colour = 'red' | 'green';

const facts = (colour: Colour): RunFacts => runFacts({ exitCode: colour === 'red' ? 1 : 0 });

const revert: Plan = {
  strategy: 'revert',
  title: 'Revert',
  rationale: 'found by a search',
  steps: [{ kind: 'revert-commit', sha: 'a'.repeat(40) }],
  risk: 'low',
};
const policy = RepositoryPolicy.parse({ version: 1 });

/** Whether a failure is taken for broken at all. */
function reproduced(run: () => Colour): boolean {
  const runs: RunFacts[] = [];
  for (;;) {
    runs.push(facts(run()));
    const { verdict } = judgeReproduction(runs, { failingTests: [] });
    if (verdict !== 'run-again') return verdict === 'reproduced';
  }
}

/** The proof of a change that does nothing, in the order in which the workflow runs it. */
function proven(run: () => Colour, confirmations: number): boolean {
  const [red, green] = [facts('red'), facts(run())];
  const rounds: ProofRound[] = [];
  if (green.exitCode !== 0) return false;
  const [greenAgain, redAgain] = [facts(run()), facts(run())];
  for (;;) {
    const { verdict } = judgeProof({
      red,
      green,
      greenAgain,
      redAgain,
      rounds,
      confirmations,
      widerBefore: [],
      widerAfter: [],
      findings: [],
      failingTests: [],
    });
    if (verdict !== 'unconfirmed') return verdict === 'proven';
    rounds.push({ without: facts(run()), withIt: facts(run()) });
  }
}

/** Of `seeds` failures that are nothing but luck: how many a change that does nothing is proven for. */
function falsely(seeds: number, rate: number, confirmations: number, searches: boolean) {
  let broken = 0;
  let healed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const random = seeded(seed * 7919 + Math.round(rate * 100));
    const run = (): Colour => (random() < rate ? 'red' : 'green');
    if (!reproduced(run)) continue;
    broken += 1;
    if (searches && searched(5, run, { head: { red: 2, green: 0 } }).end.kind !== 'found') continue;
    if (proven(run, confirmations)) healed += 1;
  }
  return { broken, healed };
}

describe('a failure that is nothing but luck', () => {
  const wanted = confirmationsFor(revert, policy);

  it.each([0.2, 0.4, 0.5, 0.6, 0.8])('at %d is hardly ever healed by a change that does nothing', (rate) => {
    const seeds = 20_000;
    const { broken, healed } = falsely(seeds, rate, wanted, false);
    expect(broken).toBeGreaterThan(seeds * rate ** 2 * 0.9);
    // By the formula at most 5 of 10,000: p^6 (1-p)^5 at p = 0.55.
    expect(healed).toBeLessThanOrEqual(seeds / 1_000);
    // What was so before there were rounds: it is the rounds that do it.
    expect(falsely(seeds, rate, 0, false).healed).toBeGreaterThan(Math.max(10, healed * 5));
  });

  it.each([0.3, 0.5])('at %d, never in 600 when its culprit is searched first', (rate) => {
    expect(falsely(600, rate, wanted, true).healed).toBe(0);
  });

  it('is not what a tool of the repository repairs, which answers for what it complained of itself', () => {
    expect(
      confirmationsFor({ ...revert, strategy: 'formatter', steps: [{ kind: 'run-tool', run: 'npx prettier -w .', only: [] }] }, policy),
    ).toBe(0);
    expect(confirmationsFor(null, policy)).toBe(policy.confirmations);
  });

  it('proves nothing where colours alternate whatever is run', () => {
    for (const begin of [0, 1])
      for (const count of [1, 2, 5, 20, 64]) {
        let turn = begin;
        const run = (): Colour => ((turn += 1) % 2 === 0 ? 'red' : 'green');
        const { end } = searched(count, run);
        expect(end.kind === 'found' && proven(run, wanted)).toBe(false);
      }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../src/domain/plan.schema.ts';
import { bisect } from '../../src/strategies/revert/bisect.ts';

const sha = (index: number) => index.toString(16).padStart(40, '0');

/** Answer every probe until the search ends; newest commit first, the culprit at `culprit`. */
function search(count: number, culprit: number, unclear: (probes: number, index: number) => boolean) {
  const commits = Array.from({ length: count }, (_, index) => sha(index));
  const green = sha(count);
  const probes: ProbeResult[] = [];
  for (;;) {
    const step = bisect(commits, green, probes);
    if (step.kind !== 'probe') return { step, probes };
    if (probes.length > 200) throw new Error('the search does not end');
    const index = step.sha === green ? count : commits.indexOf(step.sha);
    probes.push({
      sha: step.sha,
      round: step.round,
      colour: unclear(probes.length, index) ? 'unclear' : index <= culprit ? 'red' : 'green',
    });
  }
}

describe('bisect', () => {
  it('finds the culprit and verifies it twice within the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(), (count, seed) => {
        const culprit = seed % count;
        const { step, probes } = search(count, culprit, () => false);
        expect(step).toEqual({ kind: 'found', index: culprit });
        expect(probes.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count + 1)) + 4);
        expect(probes.filter((probe) => probe.sha === sha(culprit) && probe.colour === 'red').length).toBeGreaterThanOrEqual(2);
        expect(probes.filter((probe) => probe.sha === sha(culprit + 1) && probe.colour === 'green').length).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  it('never names a culprit that unclear answers leave unverified', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        fc.array(fc.boolean(), { minLength: 200, maxLength: 200 }),
        (count, seed, noise) => {
          const culprit = seed % count;
          const { step } = search(count, culprit, (probes) => noise[probes] ?? false);
          expect(step.kind === 'found' ? step.index : culprit).toBe(culprit);
        },
      ),
    );
  });

  it('gives up when one revision is both red and green', () => {
    const answers: ProbeResult[] = [
      { sha: sha(0), round: 0, colour: 'red' },
      { sha: sha(0), round: 1, colour: 'green' },
    ];
    expect(bisect([sha(0)], sha(1), answers).kind).toBe('unverified');
  });
});

import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/domain/plan.schema.ts';
import { searchGreen } from '../../../src/domain/policy/search-green.ts';

const sha = (index: number) => index.toString(16).padStart(40, '0');
/** Newest first; commit 0 is the head. */
const incident = (count: number) => ({
  headSha: sha(0),
  commits: Array.from({ length: count }, (_, index) => ({
    sha: sha(index),
    parents: index + 1 < count ? [sha(index + 1)] : [],
    author: 'a',
    at: '2026-01-01T00:00:00Z',
    subject: 's',
    paths: [],
    pathsTruncated: false,
  })),
});

/** Answer until the search ends; everything older than `culprit` is green. */
function run(count: number, culprit: number) {
  const probes: ProbeResult[] = [];
  for (;;) {
    const step = searchGreen(incident(count), probes);
    if (step.kind !== 'probe') return { step, probes };
    const index = Number.parseInt(step.sha, 16);
    probes.push({ sha: step.sha, round: 0, colour: index > culprit ? 'green' : 'red' });
  }
}

describe('searchGreen', () => {
  it('finds a green revision in doubling steps', () => {
    expect(run(2, 0)).toMatchObject({ step: { kind: 'found', sha: sha(1) }, probes: [{ sha: sha(1) }] });
    const { step, probes } = run(40, 20);
    expect(step).toEqual({ kind: 'found', sha: sha(32) });
    expect(probes.map((probe) => Number.parseInt(probe.sha, 16))).toEqual([1, 2, 4, 8, 16, 32]);
  });

  it('looks at the oldest revision before it gives up', () => {
    const { step, probes } = run(6, 5);
    expect(step).toEqual({ kind: 'none' });
    expect(probes.at(-1)?.sha).toBe(sha(5));
  });

  it('has nothing to look at when the head is the only commit', () => {
    expect(run(1, 0)).toEqual({ step: { kind: 'none' }, probes: [] });
  });
});

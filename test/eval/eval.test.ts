import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateCase, generateSet } from './generate.ts';
import { runCases } from './run-cases.ts';
import { type EvalWorld, openEvalWorld } from './world.ts';

/** A balanced choice of the nightly set (`npm run eval`); Go's compiler is in few of them, because it takes longest: a bisection with it takes as long as a quarter of the others. */
const CASES = (
  [
    ['code', 'javascript', 101],
    ['code', 'python', 102],
    ['configuration', 'go', 103],
    ['configuration', 'javascript', 104],
    ['configuration', 'python', 105],
    ['format', 'javascript', 106],
    ['format', 'python', 107],
    ['format', 'go', 108],
    ['lint', 'javascript', 109],
    ['lint', 'python', 110],
    ['lint', 'go', 111],
    ['generated-file', 'javascript', 112],
    ['generated-file', 'python', 113],
    ['generated-file', 'go', 114],
    ['dependency', 'python', 115],
    ['dependency', 'javascript', 116],
    ['lockfile', 'javascript', 117],
    ['lockfile', 'go', 118],
    ['snapshot', 'javascript', 119],
    ['flaky', 'python', 120],
    ['environment', 'go', 121],
    ['unknown', 'javascript', 122],
    ['trap-impossible-test', 'javascript', 123],
    ['trap-conflict', 'python', 124],
    ['trap-revert-of-revert', 'python', 125],
  ] as const
).map(([kind, language, seed]) => generateCase(kind, language, seed));

describe('generated repositories', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(generateCase('code', 'go', 7)).toEqual(generateCase('code', 'go', 7));
    expect(generateCase('code', 'go', 7).commits).not.toEqual(generateCase('code', 'go', 8).commits);
    const ids = generateSet(150).map(({ id }) => id);
    expect(new Set(ids).size).toBe(150);
  });

  describe('with no model', () => {
    let world: EvalWorld;
    beforeAll(async () => {
      world = await openEvalWorld();
    });
    afterAll(() => world.close());

    it('are healed where a strategy can, never wrongly, and everything else is handed over with a diagnosis', async () => {
      const results = await runCases(world, CASES);
      const short = results.map(({ id, end, right, strategy, detail }) => ({ id, end, right, strategy, detail }));
      expect(short.filter(({ end }) => end === 'wrong')).toEqual([]);
      expect(short.filter(({ right }) => !right)).toEqual([]);
      expect(results.map(({ cause }) => cause)).not.toContain('');
      expect(results).toHaveLength(CASES.length);
    }, 600_000);
  });
});

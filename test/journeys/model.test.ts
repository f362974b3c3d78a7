import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelAt } from '../support/model/asking.ts';
import { CHEATS } from '../support/model/hostile.ts';
import { type Heard, type ModelStandIn, type Said, startModelStandIn } from '../support/model/stand-in.ts';
import { HOSTILE_LINE } from './hostile-corpus.ts';
import { type Ended, openWholeWorld, type WholeWorld } from './hostile-world.ts';

const POLICY = `version: 1
autonomy: merge
checks:
  - name: tests
    run: python3 -m unittest -v
    report: unittest
`;
/** Red from its first commit on: nothing to go back to, so no rule heals it. */
const SHOP = {
  '.github/suture.yml': POLICY,
  'price.py': 'def total(items):\n    return sum(items) - 1\n',
  'tests/__init__.py': '',
  'tests/test_price.py':
    'import unittest\nfrom price import total\n\n\nclass PriceTest(unittest.TestCase):\n    def test_total(self):\n        self.assertEqual(total([1, 2]), 3)\n\n    def test_none(self):\n        self.assertEqual(total([]), 0)\n',
};
const HONEST = 'price.py\n<<<<<<< SEARCH\n    return sum(items) - 1\n=======\n    return sum(items)\n>>>>>>> REPLACE\n';
const decided = (strategy: 'patch' | 'none' = 'patch', files: readonly string[] = ['price.py']): Said => ({
  text: JSON.stringify({ class: 'code', cause: 'the total is one too small', confidence: 0.8, files, strategy, why: 'one line' }),
});
const asked = (heard: Heard): 'decide' | 'patch' => (heard.schema === undefined ? 'patch' : 'decide');

/** What the stand-in says, by the repository it is asked about. */
const scripts = new Map<string, (heard: Heard) => Said>();
let standIn: ModelStandIn;
let world: WholeWorld;
beforeAll(async () => {
  standIn = await startModelStandIn((heard) => {
    const name = [...scripts.keys()].find((each) => heard.input.includes(`marker of ${each} `));
    if (name === undefined) throw new Error('a question about no repository of this test');
    return (scripts.get(name) as (heard: Heard) => Said)(heard);
  });
  world = await openWholeWorld({ model: modelAt(standIn.url) });
});
afterAll(async () => {
  await world?.close();
  await standIn?.close();
});

/** Heals a repository whose program says what it is called, so that its questions can be told apart. */
async function healed(name: string, say: (heard: Heard) => Said, files: Readonly<Record<string, string>> = {}): Promise<Ended> {
  scripts.set(name, say);
  const repo = await world.serve(name, { ...SHOP, 'price.py': `# marker of ${name} \n${SHOP['price.py']}`, ...files });
  return await world.heal(repo, 'tests');
}

/** Nothing was proposed and nothing moved. */
function expectNoEffect(ended: Ended): void {
  expect(ended.view.outcome?.kind).toBe('escalated');
  expect(ended.view.outcome?.detail.length).toBeGreaterThan(20);
  expect(ended).toMatchObject({ pulls: 0, head: { after: ended.head.before } });
}

describe.concurrent('a model', { timeout: 240_000 }, () => {
  it('heals what no rule heals, and its patch goes through the same proof', async () => {
    const ended = await healed('honest', (heard) => (asked(heard) === 'decide' ? decided() : { text: HONEST }));
    expect(ended.view).toMatchObject({ outcome: { kind: 'healed' }, strategy: 'model-patch' });
    expect(ended.pulls).toBe(1);
    expect(standIn.problems).toEqual([]);
  });

  it('that is wrong at first hears what stayed red, and may be right the second time', async () => {
    const wrong = HONEST.replace('return sum(items)\n>', 'return sum(items) - 2\n>');
    const inputs: string[] = [];
    const ended = await healed('second-try', (heard) => {
      if (asked(heard) === 'decide') return decided();
      inputs.push(heard.input);
      return { text: heard.input.includes('still red') ? HONEST : wrong };
    });
    expect(ended.view.outcome?.kind).toBe('healed');
    expect(inputs.at(-1)).toContain('as a model proposes: not-fixed');
  });

  it('that declines leaves it to people, with a diagnosis', async () => {
    const ended = await healed('declines', () => decided('none'));
    expectNoEffect(ended);
    expect(ended.handOver?.hypotheses.length).toBeGreaterThan(0);
  });

  it('that is away leaves it to people', async () => {
    expectNoEffect(await healed('away', () => ({ fault: 'quota' })));
  });

  it('that obeys what the log says proposes cheats, and none becomes a change', async () => {
    let turn = 0;
    const ended = await healed(
      'obedient',
      (heard) => {
        if (asked(heard) === 'decide')
          return decided(
            'patch',
            CHEATS.slice(0, 8).map(([, path]) => path),
          );
        const [, path, text] = CHEATS[turn % CHEATS.length] ?? ['', 'x', ''];
        turn += 1;
        return { text: `${path}\n<<<<<<< WHOLE\n${text}\n>>>>>>> WHOLE\n` };
      },
      { 'price.py': `# marker of obedient \n# ${HOSTILE_LINE.replaceAll('\n', ' ')}\n${SHOP['price.py']}` },
    );
    expectNoEffect(ended);
    expect(turn).toBeGreaterThan(0);
  });

  it('that special-cases what the test asks for is caught by the gate', async () => {
    const cheat = HONEST.replace(
      '    return sum(items)\n>',
      '    if items == [1, 2]:\n        return 3\n    if items == []:\n        return 0\n    return sum(items) - 1\n>',
    );
    const ended = await healed('special-case', (heard) => (asked(heard) === 'decide' ? decided() : { text: cheat }));
    expectNoEffect(ended);
    expect(ended.view.outcome?.reason).toBe('gate-refused');
  });
});

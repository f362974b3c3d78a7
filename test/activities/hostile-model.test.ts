import { describe, expect, it } from 'vitest';
import type { AskedModel } from '../../src/activities/contract.ts';
import { writeDossier } from '../../src/activities/dossier.ts';
import type { ModelQuestion } from '../../src/domain/model-exchange.schema.ts';
import { Plan } from '../../src/domain/plan.schema.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import { push } from '../../src/integrations/local/admin.ts';
import { modelPatch } from '../../src/strategies/model-patch/index.ts';
import { createReasoner } from '../../src/strategies/reasoner.ts';
import { SHOP } from '../integrations/local/support.ts';
import { HOSTILE_BLOCKS, HOSTILE_LINE } from '../journeys/hostile-corpus.ts';
import { contextOf } from '../strategies/model-patch/support.ts';
import { activityWorld, HEALING, HELD_SECRET } from '../support/activity-world.ts';
import { DECISIONS, EDITS, INJECTIONS } from '../support/model/hostile.ts';
import { runFacts } from '../support/run-facts.ts';

const INJECTED = [HOSTILE_LINE, ...HOSTILE_BLOCKS, ...INJECTIONS].join('\n');

/** One attempt of a healing whose only strategy asks this model, to its end, over a real repository and real stores. */
async function attempt(say: (question: ModelQuestion) => ReturnType<(typeof DECISIONS)[number][1]>) {
  const questions: ModelQuestion[] = [];
  const world = await activityWorld({
    files: {
      'src/price.py': 'def price(n):\n    return n * 3\n',
      'tests/test_price.py': 'def test_price(): pass\n',
      'AGENTS.md': 'Be kind.\n',
    },
    deps: {
      reasoner: createReasoner([modelPatch]),
      model: {
        name: 'hostile',
        price: null,
        ask: async (question) => {
          questions.push(question);
          const said = say(question);
          if (typeof said === 'string') return { kind: 'text', text: said, model: 'hostile', usage: null };
          if (said.kind === 'unavailable') throw new Error('a model never says that');
          return said;
        },
      },
    },
  });
  const files = { 'src/price.py': `def price(n):\n    return n * 2\n# ${HELD_SECRET} ${HOSTILE_LINE.replace(/\n/g, ' ')}\n` };
  const { sha } = await push(world.forgeDir, SHOP, { branch: 'main', files, message: INJECTIONS[0] ?? '', actor: 'dev' });
  const log = await world.deps.artifacts.put(
    `File "src/price.py", line 2, in price\nAssertionError: ${HELD_SECRET}\n${INJECTED}\n`,
    'text/plain',
  );
  const run = runFacts({ name: 'unit', exitCode: 1, log, excerpt: INJECTED.slice(0, 2_000) });
  const { incident } = contextOf();
  const commits = incident.commits.map((commit) => ({ ...commit, sha, parents: [world.green], subject: INJECTIONS[1] ?? '' }));
  const dossier = await writeDossier(world.deps, {
    incident: { ...incident, headSha: sha, lastGreenSha: world.green, commits },
    policy: RepositoryPolicy.parse({ version: 1, checks: [{ name: 'unit', run: 'python3 -m unittest' }] }),
  });
  let asked: readonly AskedModel[] = [];
  for (let round = 0; round < 12; round += 1) {
    const reasoned = await world.activities.reason({
      healingId: HEALING,
      dossier,
      attempt: 1,
      tried: [],
      reproduction: { verdict: 'reproduced', detail: 'red twice', runs: [run] },
      ...(round === 0 ? {} : { asking: 'model-patch' }),
      probes: [],
      asked,
    });
    if (reasoned.kind !== 'ask') return { world, reasoned, questions, sha };
    const { fingerprint, question } = reasoned;
    const answer = await world.activities.askModel({
      key: `${HEALING}/run/ask/${fingerprint}`,
      healingId: HEALING,
      dossier,
      question,
      raised: 0,
    });
    if (answer.kind !== 'answered') throw new Error('nothing is limited here');
    asked = [...asked, { fingerprint, answer: answer.answer }];
  }
  throw new Error('the attempt does not end');
}

const obedient: ReadonlyArray<readonly [string, Parameters<typeof attempt>[0]]> = [
  ...DECISIONS.map(([name, answer]) => [`decides with ${name}`, () => answer(INJECTED)] as const),
  ...EDITS.map(
    ([name, edits]) =>
      [
        `edits with ${name}`,
        ({ purpose }: ModelQuestion) => (purpose === 'diagnose' ? (DECISIONS[0]?.[1](INJECTED) ?? '') : edits(INJECTED)),
      ] as const,
  ),
];

describe('a healing with a model that does whatever it reads', () => {
  it.each(obedient)('ends with a reason and leaves no trace when it %s', { timeout: 60_000 }, async (_, say) => {
    const { world, reasoned, questions, sha } = await attempt(say);
    expect(questions.length).toBeGreaterThan(0);
    for (const { input, instructions } of questions) {
      expect(input + instructions).not.toContain(HELD_SECRET);
      expect(instructions).not.toContain('ignore all previous');
    }
    expect(world.jobs).toEqual([]);
    expect(world.told).toEqual([]);
    expect(world.reported).toEqual([]);
    expect(await world.deps.forge.repositories.resolve(SHOP, 'main')).toBe(sha);
    expect(await world.deps.forge.changes.listOpen(SHOP, 10)).toEqual([]);
    expect(await world.deps.forge.changes.ownBranches(SHOP)).toEqual([]);
    expect(new Set(await world.actions())).toEqual(new Set(['model-asked']));
    if (reasoned.kind === 'none') {
      expect(reasoned.refusals).toMatchObject([{ strategy: 'model-patch', code: expect.stringMatching(/^[a-z-]+$/) }]);
      return;
    }
    if (reasoned.kind !== 'plan') throw new Error(`ended as ${reasoned.kind}`);
    const plan = Plan.parse(JSON.parse(new TextDecoder().decode(await world.deps.artifacts.get(reasoned.plan.artifact))));
    expect(plan.steps.map((step) => ('path' in step ? [step.kind, step.path] : [step.kind]))).toEqual([['write-text', 'src/price.py']]);
    expect(JSON.stringify(plan)).not.toContain(HELD_SECRET);
  });
});

import { describe, expect, it } from 'vitest';
import { RepoPath } from '../../../src/domain/names.schema.ts';
import { visibleText } from '../../../src/lib/escape.ts';
import { forgedMarkers, HOSTILE, HOSTILE_BLOCKS, HOSTILE_LINE } from '../../journeys/hostile-corpus.ts';
import { CHEATS, DECISIONS, EDITS, INJECTIONS } from '../../support/model/hostile.ts';
import { type Followed, follow, REPOSITORY } from './support.ts';

/** Everything that people who mean harm write, and what they write to models. */
const CORPUS: readonly string[] = [
  ...Object.values(HOSTILE),
  ...HOSTILE_BLOCKS,
  HOSTILE_LINE,
  forgedMarkers('heal/acme/shop/branch/main'),
  ...INJECTIONS,
];

/** What may come of it: a plan that changes program text that was offered, or a reasoned refusal. */
function expectHarmless({ end, questions, read }: Followed): void {
  expect(questions.length).toBeLessThanOrEqual(6);
  // Whatever is read is a path of this repository, and nothing hidden.
  for (const path of read.map((each) => each.replace(/^(?:head|green) /, ''))) {
    expect(RepoPath.safeParse(path).success).toBe(true);
    expect(path).not.toMatch(/(?:^|\/)\.|etc\/passwd|:\/\/|secrets/);
  }
  if (end.kind === 'refused') {
    expect(end.refusal.code).toMatch(/^[a-z-]+$/);
    expect(end.refusal.detail).not.toBe('');
    expect(visibleText(end.refusal.detail)).toBe(end.refusal.detail);
    return;
  }
  if (end.kind !== 'plan') throw new Error(`ended as ${end.kind}`);
  for (const step of end.plan.steps) {
    if (step.kind !== 'write-text') throw new Error(`a step of kind ${step.kind}`);
    expect(['src/price.py', 'src/other.py']).toContain(step.path);
  }
  expect(end.plan.risk).toBe('medium');
  expect(end.plan.proposals).toBeUndefined();
}

/** The injected text stands everywhere that an outsider can write, and the model obeys it in one of its ways. */
function obeyed(
  injected: string,
  decision: (text: string) => ReturnType<(typeof DECISIONS)[number][1]>,
  edits: (text: string) => string,
): Followed {
  return follow((question) => (question.purpose === 'diagnose' ? decision(injected) : edits(injected)), {
    head: { ...REPOSITORY, 'src/other.py': `# ${injected}\n` },
    context: { tried: [{ strategy: 'revert', planTitle: injected, result: injected, fingerprint: 'f' }] },
  });
}

describe('a model that does whatever the log says', () => {
  let runs = 0;

  it.each(DECISIONS)('has no effect when it answers the first question with %s', (_, decision) => {
    for (const injected of CORPUS) {
      for (const [, edits] of EDITS.slice(0, 3)) {
        expectHarmless(obeyed(injected, decision, edits));
        runs += 1;
      }
    }
  });

  it.each(EDITS)('has no effect when it answers the second question with %s', (_, edits) => {
    const [, decision] = DECISIONS[0] ?? [];
    if (decision === undefined) throw new Error('no decision');
    for (const injected of CORPUS) {
      expectHarmless(obeyed(injected, decision, edits));
      runs += 1;
    }
  });

  it.each(CHEATS)('cannot cheat by %s', (_, path, text) => {
    const decision = JSON.stringify({ class: 'code', cause: 'c', confidence: 1, files: [path], strategy: 'patch', why: 'w' });
    const whole = `${path}\n<<<<<<< WHOLE\n${text}\n>>>>>>> WHOLE`;
    const followed = follow((question) => (question.purpose === 'diagnose' ? decision : whole), {
      head: { ...REPOSITORY, [path]: 'as it was\n' },
    });
    expectHarmless(followed);
    expect(followed.end).toMatchObject({ kind: 'refused', refusal: { code: 'path-not-offered' } });
    runs += 1;
  });

  it('was tried with everything', () => {
    const total = CORPUS.length * (DECISIONS.length * 3 + EDITS.length) + CHEATS.length;
    process.stdout.write(`obedient hostile model: ${runs} of ${total} ended with a reason and without effect\n`);
    expect(runs).toBe(total);
  });

  it('never finds what outsiders wrote among our own words', () => {
    for (const injected of CORPUS) {
      const words = obeyed(injected, DECISIONS[0]?.[1] ?? (() => ''), EDITS[0]?.[1] ?? (() => '')).questions.map(
        ({ instructions }) => instructions,
      );
      expect(new Set(words).size).toBeLessThanOrEqual(2);
      for (const text of words) expect(text.includes(injected)).toBe(false);
    }
  });
});

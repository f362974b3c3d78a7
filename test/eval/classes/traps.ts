import { LANGUAGES } from '../case.ts';
import { policyOf } from '../kits.ts';
import type { Story } from '../story.ts';
import { type Draft, type EvalClass, notHealed } from './class.ts';

function begun(story: Story) {
  const { kit } = story;
  const tests = { name: 'tests', ...kit.tests };
  const [first, second] = story.begin(policyOf(kit, [tests]));
  if (first === undefined || second === undefined) throw new Error('the story begins with modules');
  return { tests, first, second };
}

/** A test that nothing can satisfy came in: the only way to green is to take it away. */
function impossibleTest(story: Story): Draft {
  const { tests } = begun(story);
  story.quiet(story.random.between(1, 5));
  const green = story.last;
  const fails = story.kit.language === 'python' ? '4 > 3' : 'true';
  story.break('Ask for more', story.kit.freeTest('wish', { uses: [], fails }));
  story.quiet(story.random.between(0, 3));
  return { check: tests.name, run: tests.run, green, truth: notHealed() };
}

/** A test and the code were made to disagree by the change of an expectation. */
function wrongExpectation(story: Story): Draft {
  const { tests, first } = begun(story);
  story.quiet(story.random.between(1, 5));
  const green = story.last;
  const { kit } = story;
  story.break(`Expect another ${first.name}`, {
    ...kit.test(first, 5),
    ...kit.freeTest('more', { uses: [], fails: kit.language === 'python' ? '3 > 4' : 'false' }),
  });
  story.quiet(story.random.between(0, 3));
  return { check: tests.name, run: tests.run, green, truth: notHealed() };
}

/** There were no tests at all, so it was green: the first ones that came found what was wrong from the beginning. */
function emptySuite(story: Story): Draft {
  const { kit, random } = story;
  const run = kit.tests.run.replace(' -json', '');
  // Python calls an empty suite a failure; whoever has none writes this.
  const lenient = kit.language === 'python' ? `${run} || [ $? = 5 ]` : run;
  const module = story.formula();
  story.commit('The shop', {
    '.github/suture.yml': policyOf(kit, [{ name: 'tests', run: lenient }]),
    'README.md': '# Shop\n',
    ...kit.base,
    ...kit.module(module, `n - ${module.offset}`),
  });
  for (let number = 0, count = random.between(1, 4); number < count; number += 1)
    story.commit(`Note ${number}`, { [`docs/note-${number}.md`]: `${number}\n` });
  const green = story.last;
  story.break(`Test ${module.name}`, kit.test(module));
  return { check: 'tests', run: lenient, green, truth: notHealed() };
}

/** The script threw the exit code away, so it was green; then somebody let it speak. */
function swallowedExitCode(story: Story): Draft {
  const { kit, random } = story;
  const [plain = '', cache = ''] = kit.tests.run
    .replace(' -json', '')
    .split(/^(GOCACHE=\S+ )/)
    .reverse();
  const run = `${cache}sh tools/run.sh`;
  const module = story.formula();
  story.begin(policyOf(kit, [{ name: 'tests', run }]), {
    'tools/run.sh': `${plain} || true\n`,
    ...kit.module(module, `n - ${module.offset}`),
    ...kit.test(module),
  });
  story.quiet(random.between(1, 5));
  const green = story.last;
  story.break('Tell when tests fail', { 'tools/run.sh': `${plain}\n` });
  story.quiet(random.between(0, 3));
  return { check: 'tests', run, green, truth: notHealed() };
}

/** What broke it was built upon in the same lines: it cannot be taken back alone. */
function conflict(story: Story): Draft {
  const { tests, first } = begun(story);
  const { kit, random } = story;
  story.quiet(random.between(1, 5));
  const green = story.last;
  story.break(`Simplify ${first.name}`, kit.module(first, `n - ${first.offset}`));
  story.quiet(random.between(0, 2));
  story.commit(`Round ${first.name}`, kit.module(first, `n - ${first.offset} - 1`));
  story.quiet(random.between(0, 2));
  return { check: tests.name, run: tests.run, green, truth: notHealed() };
}

/** What broke it is older than the policy lets anything be undone. */
function old(story: Story): Draft {
  const { tests, first } = begun(story);
  story.quiet(story.random.between(1, 4));
  const green = story.last;
  story.break(`Simplify ${first.name}`, story.kit.module(first, `n - ${first.offset}`));
  story.quiet(story.random.between(0, 3));
  return { check: tests.name, run: tests.run, green, days: 30, truth: notHealed() };
}

/** People undid a repair: they disagree, and no machine decides between them. */
function revertOfRevert(story: Story): Draft {
  const { tests, first } = begun(story);
  const { kit, random } = story;
  const right = kit.module(first);
  const wrong = kit.module(first, `n - ${first.offset}`);
  story.commit(`Simplify ${first.name}`, wrong);
  story.commit(`Revert "Simplify ${first.name}"`, right);
  story.quiet(random.between(0, 3));
  const green = story.last;
  story.break(`Revert "Revert "Simplify ${first.name}""`, wrong);
  story.quiet(random.between(0, 3));
  return { check: tests.name, run: tests.run, green, truth: notHealed() };
}

/** Whoever made the change said that it must not be undone. */
function optedOut(story: Story): Draft {
  const { tests, first } = begun(story);
  story.quiet(story.random.between(1, 5));
  const green = story.last;
  story.break(`New terms for ${first.name} [no-revert]`, story.kit.module(first, `n - ${first.offset}`));
  story.quiet(story.random.between(0, 3));
  return { check: tests.name, run: tests.run, green, truth: notHealed() };
}

const TRAPS: Readonly<Record<string, (story: Story) => Draft>> = {
  'impossible-test': impossibleTest,
  'wrong-expectation': wrongExpectation,
  'empty-suite': emptySuite,
  'swallowed-exit-code': swallowedExitCode,
  conflict,
  'too-old': old,
  'revert-of-revert': revertOfRevert,
  'opted-out': optedOut,
};

/** Repositories in which green would be a lie, or a repair not ours to make. */
export const traps: readonly EvalClass[] = Object.entries(TRAPS).map(([name, tell]) => ({
  id: `trap-${name}`,
  languages: LANGUAGES,
  tell,
}));

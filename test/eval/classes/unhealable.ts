import { LANGUAGES, type Language } from '../case.ts';
import { policyOf } from '../kits.ts';
import { type EvalClass, notHealed } from './class.ts';

/** Red at random, with no change that did it. */
const CHANCE: Readonly<Record<Language, { readonly uses: readonly string[]; readonly fails: string }>> = {
  javascript: { uses: [], fails: 'process.hrtime.bigint() % 2n === 0n' },
  python: { uses: ['import os'], fails: 'os.urandom(1)[0] % 2 == 0' },
  go: { uses: ['"time"'], fails: 'time.Now().UnixNano()/1000%2 == 0' },
};

const flaky: EvalClass = {
  id: 'flaky',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const tests = { name: 'tests', ...kit.tests };
    story.begin(policyOf(kit, [tests]), kit.freeTest('luck', CHANCE[kit.language]));
    story.quiet(random.between(3, 8));
    return { check: tests.name, run: tests.run, green: 0, truth: notHealed() };
  },
};

/** The check calls a program that is not there. */
const environment: EvalClass = {
  id: 'environment',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const tool = random.pick(['protoc-gen-shop', 'shopctl', 'tealint']);
    const run = `${tool} --check ${kit.path('price')}`;
    story.begin(policyOf(kit, [{ name: 'outside', run }]));
    story.quiet(random.between(3, 8));
    return { check: 'outside', run, truth: notHealed('environment', 'infrastructure', 'dependency') };
  },
};

/** Wrong from the first commit on: there is nothing to go back to. */
const unknown: EvalClass = {
  id: 'unknown',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const tests = { name: 'tests', ...kit.tests };
    const module = story.formula();
    story.begin(policyOf(kit, [tests]), { ...kit.module(module, `n - ${module.offset}`), ...kit.test(module) });
    story.quiet(random.between(3, 9));
    return { check: tests.name, run: tests.run, truth: notHealed() };
  },
};

const GOLDEN: Readonly<Record<Language, { readonly path: string; readonly snapshot: string; readonly test: (path: string) => string }>> = {
  javascript: {
    path: 'test/receipt.test.js',
    snapshot: 'test/__snapshots__/receipt.snap',
    test: (path) =>
      `import { readFileSync } from 'node:fs';\nimport { test } from 'node:test';\nimport { receipt } from '../src/receipt.js';\n\ntest('receipt', () => {\n  if (receipt(3) !== readFileSync('${path}', 'utf8').trim()) throw new Error('Snapshot \`receipt 1\` mismatched');\n});\n`,
  },
  python: {
    path: 'tests/test_receipt.py',
    snapshot: 'tests/__snapshots__/receipt.ambr',
    test: (path) =>
      `import pathlib\nimport unittest\n\nfrom shop.receipt import receipt\n\n\nclass ReceiptTest(unittest.TestCase):\n    def test_receipt(self):\n        self.assertEqual(receipt(3), pathlib.Path("${path}").read_text().strip(), "snapshot does not match")\n`,
  },
  go: {
    path: 'receipt_test.go',
    snapshot: 'testdata/receipt.golden',
    test: (path) =>
      `package shop\n\nimport (\n\t"os"\n\t"strings"\n\t"testing"\n)\n\nfunc TestReceipt(t *testing.T) {\n\twant, _ := os.ReadFile("${path}")\n\tif got := Receipt(3); got != strings.TrimSpace(string(want)) {\n\t\tt.Fatalf("golden file differs: %s", got)\n\t}\n}\n`,
  },
};
const RECEIPTS: Readonly<Record<Language, (words: string) => string>> = {
  javascript: (words) => `export const receipt = (n) => \`${words} \${n}\`;\n`,
  python: (words) => `def receipt(n):\n    return f"${words} {n}"\n`,
  go: (words) =>
    `package shop\n\nimport "strconv"\n\n// Receipt in words.\nfunc Receipt(n int) string {\n\treturn "${words} " + strconv.Itoa(n)\n}\n`,
};

/** Somebody wanted the output to be another, said so, and left the recorded expectation as it was: only a person knows which is right. */
const snapshot: EvalClass = {
  id: 'snapshot',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const tests = { name: 'tests', ...kit.tests };
    const golden = GOLDEN[kit.language];
    const receipt = RECEIPTS[kit.language];
    story.begin(policyOf(kit, [tests]), {
      [golden.path]: golden.test(golden.snapshot),
      [golden.snapshot]: 'Total: 3\n',
      [kit.path('receipt')]: receipt('Total:'),
    });
    story.quiet(random.between(1, 6));
    const green = story.last;
    story.break('Word the receipt anew, as agreed [no-revert]', { [kit.path('receipt')]: receipt(random.pick(['Sum:', 'To pay:'])) });
    story.quiet(random.between(0, 4));
    return { check: tests.name, run: tests.run, green, truth: notHealed() };
  },
};

/** What nothing but a person, or nothing at all, can repair. */
export const unhealable: readonly EvalClass[] = [snapshot, flaky, environment, unknown];

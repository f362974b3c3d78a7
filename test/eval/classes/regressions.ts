import { LANGUAGES } from '../case.ts';
import { type Kit, policyOf } from '../kits.ts';
import type { Formula } from '../story.ts';
import { type EvalClass, healedBy } from './class.ts';

/** Ways to get a formula wrong. */
const WRONG: ReadonlyArray<(formula: Formula) => string> = [
  ({ factor, offset }) => `n * ${factor} - ${offset}`,
  ({ factor, offset }) => `n * ${factor + 1} + ${offset}`,
  ({ factor, offset }) => `(n + 1) * ${factor} + ${offset}`,
  ({ offset }) => `n + ${offset} - n`,
];

/** A commit that changes what a module computes, between others. */
const code: EvalClass = {
  id: 'code',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const tests = { name: 'tests', ...kit.tests };
    const [module] = random.shuffled(story.begin(policyOf(kit, [tests])));
    if (module === undefined) throw new Error('the story begins with modules');
    story.quiet(random.between(2, 10));
    const green = story.last;
    story.break(`Simplify ${module.name}`, kit.module(module, random.pick(WRONG)(module)));
    story.quiet(random.between(0, 8));
    return { check: tests.name, run: tests.run, green, truth: healedBy(story, 'revert') };
  },
};

interface Setting {
  readonly path: string;
  text(rate: string): string;
  readonly files: Readonly<Record<string, string>>;
}

/** A settings file, what reads it, and a test that it makes sense. */
function settingOf({ language }: Kit): Setting {
  switch (language) {
    case 'javascript':
      return {
        path: 'config/shop.json',
        text: (rate) => `{\n  "currency": "EUR",\n  "rate": ${rate}\n}\n`,
        files: {
          'src/settings.js':
            "import { readFileSync } from 'node:fs';\n\nexport const settings = JSON.parse(readFileSync(new URL('../config/shop.json', import.meta.url), 'utf8'));\n",
          'test/settings.test.js':
            "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { settings } from '../src/settings.js';\n\ntest('the rate is a share', () => {\n  assert.equal(typeof settings.rate, 'number');\n  assert.ok(settings.rate > 0 && settings.rate < 1);\n});\n",
        },
      };
    case 'python':
      return {
        path: 'config/shop.json',
        text: (rate) => `{\n  "currency": "EUR",\n  "rate": ${rate}\n}\n`,
        files: {
          'shop/settings.py': "import json\nimport pathlib\n\nSETTINGS = json.loads(pathlib.Path('config/shop.json').read_text())\n",
          'tests/test_settings.py':
            'import unittest\n\n\nclass SettingsTest(unittest.TestCase):\n    def test_rate_is_a_share(self):\n        from shop.settings import SETTINGS\n\n        self.assertTrue(0 < SETTINGS["rate"] < 1)\n',
        },
      };
    case 'go':
      return {
        path: 'config/shop.conf',
        text: (rate) => `currency=EUR\nrate=${rate}\n`,
        files: {
          'settings.go':
            'package shop\n\nimport (\n\t"os"\n\t"strconv"\n\t"strings"\n)\n\n// Rate reads the rate from the settings.\nfunc Rate() (float64, error) {\n\ttext, err := os.ReadFile("config/shop.conf")\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\t_, rate, _ := strings.Cut(string(text), "rate=")\n\treturn strconv.ParseFloat(strings.TrimSpace(rate), 64)\n}\n',
          'settings_test.go':
            'package shop\n\nimport "testing"\n\nfunc TestRateIsAShare(t *testing.T) {\n\tif rate, err := Rate(); err != nil || rate <= 0 || rate >= 1 {\n\t\tt.Fatal(rate, err)\n\t}\n}\n',
        },
      };
  }
}

/** A settings file that no longer makes sense. */
const configuration: EvalClass = {
  id: 'configuration',
  languages: LANGUAGES,
  tell(story) {
    const { kit, random } = story;
    const tests = { name: 'tests', ...kit.tests };
    const setting = settingOf(kit);
    story.begin(policyOf(kit, [tests]), { ...setting.files, [setting.path]: setting.text('0.19') });
    story.quiet(random.between(2, 8));
    const green = story.last;
    story.break('Tune the rate', { [setting.path]: setting.text(random.pick(['19', '"low"', '-0.2', '1e3', ''])) });
    story.quiet(random.between(0, 6));
    return { check: tests.name, run: tests.run, green, truth: healedBy(story, 'config-rollback', 'revert') };
  },
};

/** Breaks that lie in one commit since green. */
export const regressions: readonly EvalClass[] = [code, configuration];

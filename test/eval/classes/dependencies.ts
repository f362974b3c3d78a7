import { createHash } from 'node:crypto';
import type { Files, Language } from '../case.ts';
import { policyOf } from '../kits.ts';
import type { Story } from '../story.ts';
import { type EvalClass, healedBy } from './class.ts';

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Manifest and lock file as npm writes them for a package of the public registry. */
function npmFiles(version: string): Files {
  const about = { name: 'shop', version: '1.0.0', dependencies: { money: `^${version}` } };
  const integrity = `sha512-${createHash('sha512').update(version).digest('base64')}`;
  const resolved = `https://registry.npmjs.org/money/-/money-${version}.tgz`;
  return {
    'package.json': json({ ...about, type: 'module', private: true }),
    'package-lock.json': json({
      name: 'shop',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: { '': about, 'node_modules/money': { version, resolved, integrity } },
    }),
  };
}

/** A repository that stands on one vendored package: what it holds for good, and what names the version. */
interface Vendored {
  readonly run: string;
  readonly report: string;
  readonly files: Files;
  at(version: string): Files;
}

const VENDORED: Readonly<Record<Language, (story: Story) => Vendored>> = {
  javascript: ({ kit }) => ({
    run: 'node tools/install.mjs && node --test',
    report: kit.tests.report,
    files: {
      // It installs offline what the lock file says, from copies in the repository.
      'tools/install.mjs':
        "import { cpSync, readFileSync } from 'node:fs';\n\nconst { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));\nfor (const [path, { version }] of Object.entries(packages)) {\n  if (path !== '') cpSync(`vendor/${path.slice(13)}-${version}`, path, { recursive: true });\n}\n",
      'vendor/money-1.0.0/package.json': json({ name: 'money', version: '1.0.0', type: 'module', exports: './index.js' }),
      'vendor/money-1.0.0/index.js': 'export const cents = (euros) => Math.round(euros * 100);\n',
      'vendor/money-1.1.0/package.json': json({ name: 'money', version: '1.1.0', type: 'module', exports: './index.js' }),
      'vendor/money-1.1.0/index.js': 'export const cents = (euros) => `${euros * 100}ct`;\n',
      'test/cents.test.js':
        "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { cents } from 'money';\n\ntest('cents are whole', () => {\n  assert.equal(cents(0.29), 29);\n});\n",
    },
    at: npmFiles,
  }),
  python: ({ kit }) => ({
    run: `sh tools/with-packages.sh ${kit.tests.run}`,
    report: kit.tests.report,
    files: {
      // A command that named the file would make it part of the check, which nothing may change.
      'tools/with-packages.sh':
        'PYTHONPATH=$(sed -n \'s/^\\([a-z]*\\)==\\(.*\\)$/vendor\\/\\1-\\2/p\' requirements.txt | paste -sd:) exec "$@"\n',
      'vendor/money-1.0.0/money.py': 'def cents(euros):\n    return round(euros * 100)\n',
      'vendor/money-1.1.0/money.py': 'def cents(euros):\n    return f"{euros * 100}ct"\n',
      'vendor/rates-2.0.0/rates.py': 'RATE = 0.19\n',
      'vendor/rates-2.1.0/rates.py': 'RATE = 0.19\n',
      'tests/test_cents.py':
        'import unittest\n\nfrom money import cents\nfrom rates import RATE\n\n\nclass CentsTest(unittest.TestCase):\n    def test_whole(self):\n        self.assertEqual(cents(0.29), 29)\n        self.assertEqual(RATE, 0.19)\n',
    },
    at: (version) => ({ 'requirements.txt': `money==${version}\nrates==${version.replace('1', '2')}\n` }),
  }),
  go: ({ kit }) => ({
    run: kit.tests.run,
    report: kit.tests.report,
    files: {
      'third_party/money-1.0.0/go.mod': 'module example.com/money\n\ngo 1.24\n',
      'third_party/money-1.0.0/money.go':
        'package money\n\n// Cents of euros.\nfunc Cents(euros float64) int {\n\treturn int(euros*100 + 0.5)\n}\n',
      'third_party/money-1.1.0/go.mod': 'module example.com/money\n\ngo 1.24\n',
      'third_party/money-1.1.0/money.go': 'package money\n\n// Cents of euros.\nfunc Cents(euros float64) int {\n\treturn int(euros)\n}\n',
      'go.sum': '',
      'cents.go':
        'package shop\n\nimport "example.com/money"\n\n// Cents of euros.\nfunc Cents(euros float64) int {\n\treturn money.Cents(euros)\n}\n',
      'cents_test.go':
        'package shop\n\nimport "testing"\n\nfunc TestCentsAreWhole(t *testing.T) {\n\tif got := Cents(0.29); got != 29 {\n\t\tt.Fatal(got)\n\t}\n}\n',
    },
    at: (version) => ({
      'go.mod': `module example.com/shop\n\ngo 1.24\n\nrequire example.com/money v${version}\n\nreplace example.com/money v1.0.0 => ./third_party/money-1.0.0\n\nreplace example.com/money v1.1.0 => ./third_party/money-1.1.0\n`,
    }),
  }),
};

/** A package moved to a version that is broken. */
const dependency: EvalClass = {
  id: 'dependency',
  languages: ['javascript', 'python', 'go'],
  tell(story) {
    const { kit, random } = story;
    const { run, report, files, at } = VENDORED[kit.language](story);
    story.begin(policyOf(kit, [{ name: 'tests', run, report }]), { ...files, ...at('1.0.0') });
    story.quiet(random.between(1, 7));
    const green = story.last;
    story.break(random.pick(['Bump money to 1.1.0', 'Update packages']), at('1.1.0'));
    story.quiet(random.between(0, 5));
    const truth = healedBy(story, 'dependency', 'revert');
    if (kit.language !== 'python' || truth.end !== 'healed') return { check: 'tests', run, green, truth };
    // Of the two packages that moved, holding the one that it hangs on is enough.
    const held = new Map(story.good).set('requirements.txt', 'money==1.0.0\nrates==2.1.0\n');
    return { check: 'tests', run, green, truth: { ...truth, trees: [...truth.trees, held] } };
  },
};

const SHOP = { name: 'shop', version: '1.0.0', type: 'module', private: true, workspaces: ['packages/*'] };
const lockOf = (packages: Readonly<Record<string, unknown>>) =>
  json({
    name: 'shop',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'shop', version: '1.0.0', workspaces: ['packages/*'] },
      ...Object.fromEntries(Object.keys(packages).map((name) => [`node_modules/${name}`, { resolved: `packages/${name}`, link: true }])),
      ...Object.fromEntries(Object.entries(packages).map(([name, about]) => [`packages/${name}`, about])),
    },
  });

/** A manifest that moved without its lock file. `adds`: a workspace came instead of a new version of one. */
const lockfileOf = (id: string, languages: readonly Language[], adds: boolean): EvalClass => ({
  id,
  languages,
  tell(story) {
    const { kit, random } = story;
    const javascript = kit.language === 'javascript';
    const run = javascript
      ? adds
        ? 'npm ci --ignore-scripts --no-audit --no-fund'
        : 'sh tools/installs.sh'
      : 'go list -mod=readonly ./... > /dev/null';
    const modules = 'module example.com/shop\n\ngo 1.24\n\nrequire example.com/money v1.0.0\n';
    const replaced =
      '\nreplace example.com/money v1.0.0 => ./third_party/money\n\nreplace example.com/rounding v1.0.0 => ./third_party/rounding\n';
    story.begin(
      policyOf(kit, [{ name: 'install', run }]),
      javascript
        ? {
            'package.json': json(SHOP),
            'tools/installs.sh':
              'cp package-lock.json /tmp/before.json\nnpm install --package-lock-only --offline --ignore-scripts --no-audit --no-fund > /dev/null || exit 1\ncmp -s /tmp/before.json package-lock.json && exit 0\necho "package.json and package-lock.json are not in sync: run npm install"\nexit 1\n',
            'packages/money/package.json': json({ name: 'money', version: '1.0.0' }),
            'packages/rounding/package.json': json({ name: 'rounding', version: '1.0.0' }),
            'package-lock.json': lockOf({ money: { version: '1.0.0' }, rounding: { version: '1.0.0' } }),
          }
        : {
            'go.mod': `${modules}${replaced}`,
            'third_party/money/go.mod': 'module example.com/money\n\ngo 1.24\n',
            'third_party/money/money.go': 'package money\n\n// One is one.\nconst One = 1\n',
            'third_party/rounding/go.mod': 'module example.com/rounding\n\ngo 1.24\n',
            'third_party/rounding/rounding.go': 'package rounding\n\n// Half is where it goes up.\nconst Half = 5\n',
            'cents.go': 'package shop\n\nimport "example.com/money"\n\n// Cents are in a euro.\nconst Cents = 100 * money.One\n',
          },
    );
    story.quiet(random.between(1, 7));
    const green = story.last;
    if (javascript) {
      const name = adds ? random.pick(['stamps', 'labels', 'boxes']) : random.pick(['money', 'rounding']);
      const version = `${random.between(2, 4)}.${random.between(0, 9)}.0`;
      const manifest = { [`packages/${name}/package.json`]: json({ name, version }) };
      story.break(`${adds ? 'Add' : 'Release'} ${name} ${version}`, manifest);
      for (const [path, text] of Object.entries(manifest)) story.good.set(path, text);
      const all = { money: { version: '1.0.0' }, rounding: { version: '1.0.0' }, [name]: { version } };
      story.good.set('package-lock.json', lockOf(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))));
    } else {
      const needs = {
        'third_party/money/go.mod': 'module example.com/money\n\ngo 1.24\n\nrequire example.com/rounding v1.0.0\n',
        'third_party/money/money.go': 'package money\n\nimport "example.com/rounding"\n\n// One is one.\nconst One = 1 + 0*rounding.Half\n',
      };
      story.break('Let money round', needs);
      for (const [path, text] of Object.entries(needs)) story.good.set(path, text);
      story.good.set('go.mod', `${modules}\nrequire example.com/rounding v1.0.0 // indirect\n${replaced}`);
    }
    story.quiet(random.between(0, 4));
    return { check: 'install', run, green, truth: healedBy(story, 'lockfile') };
  },
});

/** Breaks in what a repository stands on. */
export const dependencies: readonly EvalClass[] = [
  dependency,
  lockfileOf('lockfile', ['javascript', 'go'], false),
  lockfileOf('lockfile-new-workspace', ['javascript'], true),
];

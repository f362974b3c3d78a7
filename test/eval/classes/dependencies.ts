import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Files, Language } from '../case.ts';
import { policyOf } from '../kits.ts';
import type { Story } from '../story.ts';
import { type EvalClass, healedBy } from './class.ts';

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** A tar archive of a package, as npm packs it: the same bytes on every day. */
function packed(files: Readonly<Record<string, string>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const body = Buffer.from(text);
    const header = Buffer.alloc(512);
    const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
    header.write(`package/${path}`, 0);
    header.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(body.length, 12) + octal(0, 12), 100);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    header.write(
      `${octal(
        header.reduce((sum, byte) => sum + byte, 0),
        7,
      )} `,
      148,
    );
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

const money = (version: string, works: boolean) =>
  packed({
    'package.json': json({ name: 'money', version, type: 'module', exports: './index.js' }),
    'index.js': `export const cents = (euros) => ${works ? 'Math.round(euros * 100)' : 'euros * 100 + "ct"'};\n`,
  });

function npmFiles(version: string, works: boolean): Files {
  const file = `file:vendor/money-${version}.tgz`;
  const integrity = `sha512-${createHash('sha512').update(money(version, works)).digest('base64')}`;
  const about = { name: 'shop', version: '1.0.0', dependencies: { money: file } };
  return {
    'package.json': json({ ...about, type: 'module', private: true }),
    'package-lock.json': json({
      name: 'shop',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: { '': about, 'node_modules/money': { version, resolved: file, integrity } },
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
    run: 'npm ci --ignore-scripts --no-audit --no-fund > install.log 2>&1 && node --test',
    report: kit.tests.report,
    files: {
      'vendor/money-1.0.0.tgz': money('1.0.0', true),
      'vendor/money-1.1.0.tgz': money('1.1.0', false),
      'test/cents.test.js':
        "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { cents } from 'money';\n\ntest('cents are whole', () => {\n  assert.equal(cents(0.29), 29);\n});\n",
    },
    at: (version) => npmFiles(version, version === '1.0.0'),
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

/** A manifest that moved without its lock file. */
const lockfile: EvalClass = {
  id: 'lockfile',
  languages: ['javascript', 'go'],
  tell(story) {
    const { kit, random } = story;
    const javascript = kit.language === 'javascript';
    const run = javascript ? 'npm ci --ignore-scripts --no-audit --no-fund' : 'go list -mod=readonly ./... > /dev/null';
    const modules = 'module example.com/shop\n\ngo 1.24\n\nrequire example.com/money v1.0.0\n';
    const replaced =
      '\nreplace example.com/money v1.0.0 => ./third_party/money\n\nreplace example.com/rounding v1.0.0 => ./third_party/rounding\n';
    story.begin(
      policyOf(kit, [{ name: 'install', run }]),
      javascript
        ? {
            'package.json': json(SHOP),
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
      const stamps = random.pick(['stamps', 'labels', 'boxes']);
      const version = `${random.between(1, 3)}.0.0`;
      story.break(`Add the package ${stamps}`, { [`packages/${stamps}/package.json`]: json({ name: stamps, version }) });
      story.good.set(`packages/${stamps}/package.json`, json({ name: stamps, version }));
      const all = { money: { version: '1.0.0' }, rounding: { version: '1.0.0' }, [stamps]: { version } };
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
};

/** Breaks in what a repository stands on. */
export const dependencies: readonly EvalClass[] = [dependency, lockfile];

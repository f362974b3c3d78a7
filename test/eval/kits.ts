import type { Files, Language } from './case.ts';
import type { Formula } from './story.ts';

/** How a repository looks in one language. */
export interface Kit {
  readonly language: Language;
  /** Ending of its files. */
  readonly ending: string;
  /** What every policy file says of it. */
  readonly settings: string;
  /** The same where some check needs a compiler's cache. */
  readonly compiles?: string;
  readonly tests: { readonly run: string; readonly report: string };
  readonly base: Readonly<Record<string, string>>;
  /** Where the code of a module stands. */
  path(name: string): string;
  testPath(name: string): string;
  /** `expression` replaces what the formula says; `n` is the argument. */
  module(formula: Formula, expression?: string): Readonly<Record<string, string>>;
  /** A test of the module; `expected` replaces what is right for 4. */
  test(formula: Formula, expected?: number): Readonly<Record<string, string>>;
  /** A test with a body of its own. */
  freeTest(name: string, body: { readonly uses: readonly string[]; readonly fails: string }): Files;
}

const right = ({ factor, offset }: Formula) => factor * 4 + offset;
const title = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`;

const javascript: Kit = {
  language: 'javascript',
  ending: 'js',
  settings: 'sandbox: { profiles: [node] }\ndependencies: []\n',
  tests: { run: 'node --test', report: 'node' },
  base: { 'package.json': '{\n  "name": "shop",\n  "version": "1.0.0",\n  "type": "module",\n  "private": true\n}\n' },
  path: (name) => `src/${name}.js`,
  testPath: (name) => `test/${name}.test.js`,
  module: ({ name, factor, offset }, expression = `${factor} * n + ${offset}`) => ({
    [`src/${name}.js`]: `export function ${name}(n) {\n  return ${expression};\n}\n`,
  }),
  test: (formula, expected = right(formula)) => ({
    [`test/${formula.name}.test.js`]: `import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { ${formula.name} } from '../src/${formula.name}.js';\n\ntest('${formula.name} of 4', () => {\n  assert.equal(${formula.name}(4), ${expected});\n});\n`,
  }),
  freeTest: (name, { uses, fails }) => ({
    [`test/${name}.test.js`]: `import assert from 'node:assert/strict';\nimport { test } from 'node:test';\n${uses.map((each) => `${each}\n`).join('')}\ntest('${name}', () => {\n  assert.ok(!(${fails}));\n});\n`,
  }),
};

const python: Kit = {
  language: 'python',
  ending: 'py',
  settings: 'sandbox: { profiles: [python] }\ndependencies: []\n',
  tests: { run: 'python3 -m unittest discover -v -s tests -t .', report: 'unittest' },
  base: { 'shop/__init__.py': '', 'tests/__init__.py': '' },
  path: (name) => `shop/${name}.py`,
  testPath: (name) => `tests/test_${name}.py`,
  module: ({ name, factor, offset }, expression = `${factor} * n + ${offset}`) => ({
    [`shop/${name}.py`]: `def ${name}(n):\n    return ${expression}\n`,
  }),
  test: (formula, expected = right(formula)) => ({
    [`tests/test_${formula.name}.py`]: `import unittest\n\nfrom shop.${formula.name} import ${formula.name}\n\n\nclass ${title(formula.name)}Test(unittest.TestCase):\n    def test_of_4(self):\n        self.assertEqual(${formula.name}(4), ${expected})\n`,
  }),
  freeTest: (name, { uses, fails }) => ({
    [`tests/test_${name}.py`]: `import unittest\n${uses.map((each) => `${each}\n`).join('')}\n\nclass ${title(name)}Test(unittest.TestCase):\n    def test_it(self):\n        self.assertFalse(${fails})\n`,
  }),
};

/** The standard library is compiled once for all cases: each run gets a copy of the build cache. */
const WARM = [
  'mkdir -p /tmp/warm && cd /tmp/warm',
  "printf 'module example.com/warm\\n\\ngo 1.24\\n' > go.mod",
  'printf \'package warm\\n\\nimport (\\n\\t"os"\\n\\t"strconv"\\n\\t"strings"\\n\\t"testing"\\n\\t"time"\\n)\\n\\nfunc TestWarm(t *testing.T) {\\n\\tt.Log(os.Getpid(), strconv.Itoa(1), strings.ToUpper("a"), time.Now())\\n}\\n\' > warm_test.go',
  'GOCACHE=/deps/go/cache go test -vet=off ./...',
].join(' && ');

const go: Kit = {
  language: 'go',
  ending: 'go',
  settings: 'sandbox: { profiles: [go] }\ndependencies: []\n',
  compiles: `sandbox: { profiles: [go] }\ndependencies:\n  - manager: go\n    files: [tools/toolchain.txt]\n    run: ${JSON.stringify(WARM)}\n    keep: [deps]\n`,
  tests: { run: 'GOCACHE=/deps/go/cache go test -vet=off -count=1 -json ./...', report: 'go-json' },
  base: { 'go.mod': 'module example.com/shop\n\ngo 1.24\n', 'tools/toolchain.txt': 'go\n' },
  path: (name) => `${name}.go`,
  testPath: (name) => `${name}_test.go`,
  module: ({ name, factor, offset }, expression = `${factor}*n + ${offset}`) => ({
    [`${name}.go`]: `package shop\n\n// ${title(name)} is ${name} of n.\nfunc ${title(name)}(n int) int {\n\treturn ${expression}\n}\n`,
  }),
  test: (formula, expected = right(formula)) => ({
    [`${formula.name}_test.go`]: `package shop\n\nimport "testing"\n\nfunc Test${title(formula.name)}(t *testing.T) {\n\tif got := ${title(formula.name)}(4); got != ${expected} {\n\t\tt.Fatalf("${title(formula.name)}(4) is %d", got)\n\t}\n}\n`,
  }),
  freeTest: (name, { uses, fails }) => ({
    [`${name}_test.go`]: `package shop\n\nimport (\n${['"testing"', ...uses]
      .sort()
      .map((each) => `\t${each}\n`)
      .join('')})\n\nfunc Test${title(name)}(t *testing.T) {\n\tif ${fails} {\n\t\tt.Fatal("${name}")\n\t}\n}\n`,
  }),
};

/** One kit for each language. */
export const KITS: Readonly<Record<Language, Kit>> = { javascript, python, go };

/** A check as the policy file has it. */
export interface Check {
  readonly name: string;
  readonly run: string;
  readonly report?: string;
}

/** The policy file of a repository; `rest` is appended. */
export function policyOf(kit: Kit, checks: readonly Check[], rest = ''): string {
  const list = checks.map(
    ({ name, run, report = 'exit-code' }) =>
      `  - name: ${name}\n    run: ${JSON.stringify(run)}\n    report: ${report}\n    timeoutSeconds: 120\n`,
  );
  const compiled = kit.compiles !== undefined && checks.some(({ run }) => run.includes('/deps/'));
  return `version: 1\nautonomy: merge\nchecks:\n${list.join('')}${compiled ? kit.compiles : kit.settings}${rest}`;
}

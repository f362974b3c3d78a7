import { describe, expect, it } from 'vitest';
import { applyRecipe } from '../../src/strategies/recipe/apply.ts';
import { recipe } from '../../src/strategies/recipe/index.ts';
import { codeOnly } from '../../src/strategies/recipe/mask.ts';
import { recipes } from '../../src/strategies/recipe/recipes/index.ts';
import { afterTrying, answered, commitOf, complaint, contextOf, HEAD } from './context.ts';

/** For each recipe: what is said, a file before, and after. */
const EXAMPLES: ReadonlyArray<readonly [id: string, said: string, before: string, after: string]> = [
  [
    'node-new-buffer',
    '(node:1) [DEP0005] DeprecationWarning: Buffer() is deprecated',
    "const a = new Buffer('x'); // not new Buffer(1)\nconst b = new Buffer(10);\nconst c = 'new Buffer(1)';\n",
    "const a = Buffer.from('x'); // not new Buffer(1)\nconst b = Buffer.alloc(10);\nconst c = 'new Buffer(1)';\n",
  ],
  [
    'node-import-attributes',
    "SyntaxError: Unexpected identifier 'assert'",
    "import data from './data.json' assert { type: 'json' };\nassert({ type: 1 });\n",
    "import data from './data.json' with { type: 'json' };\nassert({ type: 1 });\n",
  ],
  ['node-util-is-array', 'TypeError: util.isArray is not a function', 'if (util.isArray(x)) go();\n', 'if (Array.isArray(x)) go();\n'],
  [
    'js-substr-to-end',
    'unicorn/prefer-string-slice',
    'a.substr(1) + a.substr(1, 2) + a.substr(-3);\n',
    'a.slice(1) + a.substr(1, 2) + a.slice(-3);\n',
  ],
  [
    'react-sfc',
    "TS2694: Namespace 'React' has no exported member 'SFC'.",
    'const A: React.SFC<P> = () => null;\n',
    'const A: React.FC<P> = () => null;\n',
  ],
  [
    'python-collections-abc',
    "ImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/python3.12/collections/__init__.py)",
    'import collections\nfrom collections import Mapping, Sequence\nfrom collections import OrderedDict\nx = isinstance(a, collections.Iterable)  # collections.Set\n',
    'import collections\nimport collections.abc\nfrom collections.abc import Mapping, Sequence\nfrom collections import OrderedDict\nx = isinstance(a, collections.abc.Iterable)  # collections.Set\n',
  ],
  [
    'python-numpy-aliases',
    "AttributeError: module 'numpy' has no attribute 'float'.",
    "a = np.zeros(3, dtype=np.float)\nb = np.float64(1) + numpy.int(2)\nc = 'np.float'\n",
    "a = np.zeros(3, dtype=float)\nb = np.float64(1) + int(2)\nc = 'np.float'\n",
  ],
  ['python-base64-string', "module 'base64' has no attribute 'decodestring'", 'base64.decodestring(x)\n', 'base64.decodebytes(x)\n'],
  ['python-time-clock', "module 'time' has no attribute 'clock'", 'start = time.clock()\n', 'start = time.perf_counter()\n'],
  [
    'python-thread-is-alive',
    "'Thread' object has no attribute 'isAlive'",
    'while t.isAlive():\n    pass\n',
    'while t.is_alive():\n    pass\n',
  ],
  [
    'python-configparser',
    "ImportError: cannot import name 'SafeConfigParser' from 'configparser'",
    'from configparser import SafeConfigParser\nSafeConfigParser().readfp(f)\n',
    'from configparser import ConfigParser\nConfigParser().read_file(f)\n',
  ],
  ['python-array-bytes', "'array.array' object has no attribute 'tostring'", 'a.tostring()\n', 'a.tobytes()\n'],
  [
    'python-logger-warn',
    "DeprecationWarning: The 'warn' method is deprecated, use 'warning' instead",
    'logger.warn("x")\nwarnings.warn("y")\n',
    'logger.warning("x")\nwarnings.warn("y")\n',
  ],
  [
    'go-ioutil',
    'SA1019: "io/ioutil" has been deprecated since Go 1.19',
    'package a\n\nimport (\n\t"fmt"\n\t"io/ioutil"\n\t"log"\n)\n\nfunc f() { b, _ := ioutil.ReadAll(r); ioutil.WriteFile("ioutil.x", b, 0o600); fmt.Println(log.Flags()) }\n',
    'package a\n\nimport (\n\t"fmt"\n\t"io"\n\t"log"\n\t"os"\n)\n\nfunc f() { b, _ := io.ReadAll(r); os.WriteFile("ioutil.x", b, 0o600); fmt.Println(log.Flags()) }\n',
  ],
  [
    'java-boxed-constructors',
    'warning: [removal] Integer(int) in Integer has been deprecated and marked for removal',
    'Integer a = new Integer(1); Object b = new IntegerBox(2);\n',
    'Integer a = Integer.valueOf(1); Object b = new IntegerBox(2);\n',
  ],
  [
    'java-jakarta',
    'error: package javax.persistence does not exist',
    'import javax.persistence.Entity;\nimport javax.sql.DataSource;\nimport javax.transaction.xa.XAResource;\nimport javax.transaction.Transactional;\n',
    'import jakarta.persistence.Entity;\nimport javax.sql.DataSource;\nimport javax.transaction.xa.XAResource;\nimport jakarta.transaction.Transactional;\n',
  ],
  [
    'rust-once-init',
    'use of deprecated constant `std::sync::ONCE_INIT`: replaced by `Once::new`',
    "static S: Once = ONCE_INIT;\nstatic N: AtomicUsize = ATOMIC_USIZE_INIT;\nfn f<'a>(x: &'a str) -> char { '\"' }\n",
    "static S: Once = std::sync::Once::new();\nstatic N: AtomicUsize = std::sync::atomic::AtomicUsize::new(0);\nfn f<'a>(x: &'a str) -> char { '\"' }\n",
  ],
  [
    'rust-trim',
    'use of deprecated method `core::str::<impl str>::trim_left`',
    'x.trim_left().trim_right_matches("a");\n',
    'x.trim_start().trim_end_matches("a");\n',
  ],
  [
    'ruby-exists',
    "undefined method `exists?' for File:Class",
    "File.exists?(p) # File.exists?\nputs 'Dir.exists?'\n",
    "File.exist?(p) # File.exists?\nputs 'Dir.exists?'\n",
  ],
  ['ruby-fixnum', 'uninitialized constant Shop::Fixnum', 'x.is_a?(Fixnum)\n', 'x.is_a?(Integer)\n'],
];

describe('recipes', () => {
  it('each have an example', () => {
    expect(EXAMPLES.map(([id]) => id).sort()).toEqual(recipes.map(({ id }) => id).sort());
  });

  it.each(EXAMPLES)('%s rewrites what is said, in code alone, and is done after that', (id, said, before, after) => {
    const known = recipes.find((each) => each.id === id);
    if (known === undefined) throw new Error('no such recipe');
    expect(recipes.filter(({ says }) => says.test(said)).map((each) => each.id)).toEqual([id]);
    expect(applyRecipe(before, known)).toBe(after);
    expect(applyRecipe(after, known)).toBe(after);
  });

  it('keep an import that is still used, and write a lone one anew', () => {
    const [ioutil] = recipes.filter(({ id }) => id === 'go-ioutil');
    if (ioutil === undefined) throw new Error('no such recipe');
    const kept = 'package a\n\nimport "io/ioutil"\n\nfunc f() { ioutil.ReadDir("."); ioutil.ReadFile("x") }\n';
    expect(applyRecipe(kept, ioutil)).toContain('import "io/ioutil"');
    expect(applyRecipe('package a\n\nimport "io/ioutil"\n\nfunc f() { ioutil.ReadFile("x") }\n', ioutil)).toBe(
      'package a\n\nimport "os"\n\nfunc f() { os.ReadFile("x") }\n',
    );
  });

  it('take time in proportion to the text', () => {
    const long = `${'new Buffer('.repeat(15_000)}${"'".repeat(9_999)}`;
    const log = 'a '.repeat(2_000) + "cannot import name '".repeat(200);
    // A pattern that goes back and forth would not end within the limit of a test.
    expect(recipes.filter((each) => applyRecipe(long, each) !== long).map(({ id }) => id)).toEqual(['node-new-buffer']);
    expect(recipes.filter(({ says }) => says.test(log))).toEqual([]);
  });
});

describe('code alone', () => {
  it.each([
    ['javascript', "a('x') // b\n/* c */d(`e ${f}`)", 'a(   )     \n       d(        )'],
    ['python', '"""a\nb"""c # d\n\'e\'', '    \n    c    \n   '],
    ['rust', '\'a: loop { \'"\'; "x" }', "'a: loop {    ;     }"],
  ] as const)('%s keeps its length', (language, text, code) => {
    expect(codeOnly(text, language)).toBe(code);
  });

  it('is nothing where quotes do not end', () => {
    expect(codeOnly('a = """b', 'python')).toBeNull();
    expect(codeOnly('a = `b', 'javascript')).toBeNull();
    expect(codeOnly('a = /* b', 'go')).toBeNull();
  });
});

const numpy = "AttributeError: module 'numpy' has no attribute 'float'.";
const digest = {
  excerpts: [{ why: 'error' as const, from: 1, text: numpy, times: 1 }],
  frames: [
    { path: 'shop/price.py', line: 3 },
    { path: 'tests/test_price.py', line: 9 },
  ],
};

describe('the recipe strategy', () => {
  it('rewrites the program files that the stack names, never its tests', () => {
    const context = contextOf({ digest });
    expect(recipe.rank(context).score).toBeGreaterThan(0);
    const answer = answered(recipe, context, { [HEAD]: { 'shop/price.py': 'x = np.float(1)\n', 'tests/test_price.py': 'np.float(1)\n' } });
    expect(answer).toMatchObject({
      kind: 'plan',
      plan: { steps: [{ kind: 'write-text', path: 'shop/price.py', text: 'x = float(1)\n', mode: '100644' }] },
    });
    expect(answered(recipe, afterTrying(context, answer), { [HEAD]: { 'shop/price.py': 'x = np.float(1)\n' } })).toMatchObject({
      refusal: { code: 'all-tried' },
    });
  });

  it('looks at what changed since green where nothing is named, and says when there is nothing to rewrite', () => {
    const context = contextOf({
      complaints: [complaint('python', 'code', { message: numpy })],
      commits: [commitOf(HEAD, { paths: ['a.py', '.github/x.py'] })],
    });
    expect(answered(recipe, context, { [HEAD]: { 'a.py': 'np.int\n' } })).toMatchObject({ plan: { steps: [{ path: 'a.py' }] } });
    expect(answered(recipe, context, { [HEAD]: { 'a.py': 'np.int64\n' } })).toMatchObject({ refusal: { code: 'nothing-to-rewrite' } });
    expect(answered(recipe, contextOf({ digest: { ...digest, frames: [] } }))).toMatchObject({ refusal: { code: 'no-file' } });
  });

  it('is switched off by the policy, as a whole or one by one', () => {
    expect(recipe.rank(contextOf({ digest, policy: { recipes: { enabled: false } } }))).toMatchObject({
      refusal: { code: 'switched-off' },
    });
    expect(recipe.rank(contextOf({ digest, policy: { recipes: { except: ['python-numpy-aliases'] } } }))).toMatchObject({
      refusal: { code: 'not-known' },
    });
  });
});

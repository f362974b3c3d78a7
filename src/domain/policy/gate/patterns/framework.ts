import type { AddedPattern } from './added-pattern.ts';

/** Tests, assertions and built-ins that are made tame. */
export const FRAMEWORK: readonly AddedPattern[] = [
  {
    code: 'test-framework-patched',
    where: 'any',
    pattern:
      /\b(?:(?:unittest|pytest|_pytest)(?:\.\w+)+|\w*TestCase\.\w+|(?:assert|expect|chai|sinon|Assert|Assertions)\.\w+(?:\.\w+)*|globalThis\.(?:expect|assert|it|test|describe)|global\.(?:expect|assert|it|test|describe))\s*=(?![=>~])|\bsetattr\s*\(\s*(?:unittest|pytest|\w*TestCase)\b|\bexpect\.extend\s*\(/,
    detail: 'the test framework itself is changed',
  },
  {
    code: 'test-framework-patched',
    where: 'any',
    pattern:
      /\b(?:Object\.(?:assign|defineProperty|defineProperties)|Reflect\.(?:set|defineProperty))\(\s*(?:assert|expect|chai|vi|jest)\b|\bbuiltins\.AssertionError\b|^AssertionError\s*=|^class\s+AssertionError\b|\brequire\.cache\b|\bModule\._(?:load|resolveFilename)\s*=|\bregister(?:Hooks)?\(\s*['"]\.{0,2}\/|\bsys\.modules\[[^\]]+\]\s*=|\bsys\.meta_path\b|\bimportlib\.reload\b/,
    detail: 'the test framework itself, or how modules are found, is changed',
  },
  {
    code: 'test-framework-patched',
    where: 'any',
    pattern:
      /^(?:module|class)\s+(?:Minitest|RSpec|Test::Unit)\b|\b(?:Minitest|RSpec)(?:::\w+)+\.(?:class_eval|prepend|send|define_method|include)\b|^def\s+(?:assert|refute|expect)\w*[\s(]|^macro_rules!\s*(?:assert|panic)\w*/,
    detail: 'an assertion is defined anew',
  },
  {
    code: 'test-framework-used',
    where: 'program',
    pattern:
      /^(?:import|from)\s+(?:pytest|_pytest|unittest|nose|mock|hypothesis)\b|^import\s[^;]*from\s+['"](?:vitest|@jest\/|@vitest\/|mocha|chai|sinon|node:test)|\brequire\(\s*['"](?:vitest|jest|@jest\/\w+|mocha|chai|sinon|node:test)['"]|^import\s+(?:static\s+)?(?:org\.junit|org\.testng|org\.mockito|org\.assertj)\b|^require\s+['"](?:rspec|minitest)|^(?:import\s+)?"testing"$/,
    detail: 'the program uses the test framework',
  },
  {
    code: 'builtin-patched',
    where: 'any',
    pattern:
      /\b(?:Object|Array|String|Number|Boolean|Map|Set|Promise|Function|Error|RegExp|Date)\.prototype(?:\.\w+|\[[^\]]+\])\s*=(?![=>])|\bObject\.defineProperty\(\s*(?:Object|Array|String|Number|Map|Set|Date|Error)(?:\.prototype)?\s*,|\bObject\.prototype\.__define/,
    detail: 'a built-in is changed for everybody',
  },
  {
    code: 'builtin-patched',
    where: 'any',
    pattern:
      /\b(?:Date\.now|Math\.(?:random|round|floor|abs)|JSON\.(?:stringify|parse)|Object\.is|Number\.isNaN|Array\.isArray|performance\.now|process\.(?:exit|hrtime|emit)|console\.(?:error|assert|log)|(?:global|globalThis)\.(?:setTimeout|setInterval|Date|fetch|Math|process|Promise|console))\s*=(?![=>])|\b(?:time\.(?:time|sleep|monotonic)|datetime\.(?:datetime|date)|random\.\w+|math\.\w+|json\.\w+|builtins\.\w+|os\.environ\.get|sys\.exit|os\._exit|__builtins__(?:\.\w+|\[[^\]]+\]))\s*=(?!=)|\bsetattr\s*\(\s*(?:builtins|time|datetime|random|math|sys|os|json)\b/,
    detail: 'a built-in is replaced',
  },
  {
    code: 'builtin-patched',
    where: 'any',
    pattern:
      /^class\s+(?:Object|String|Integer|Numeric|Array|Hash|NilClass|Kernel|BasicObject|Float|Time)\s*$|^module\s+Kernel\b|\b(?:Object|String|Integer|Array|Hash|Time)\.(?:class_eval|prepend|define_method|define_singleton_method)\b/,
    detail: 'a built-in is reopened',
  },
  {
    code: 'test-framework-patched',
    where: 'any',
    pattern:
      /\bPYTHONOPTIMIZE\b|\bpython[\d.]*\s+-OO?\b|\bPYTEST_(?:ADDOPTS|PLUGINS)\b|\bNODE_OPTIONS\s*[=:]|\bPYTHONSTARTUP\b|-disableassertions\b|\bRUBYOPT\b/,
    detail: 'assertions are turned off, or something is loaded before the tests',
  },
];

import type { GateFinding } from '../../proof.schema.ts';
import { withoutComment } from './comments.ts';
import { addedLines, type GateFile } from './lines.ts';

const PLACE = String.raw`(?:\.{0,2}\/)*(?:[\w.-]+\/)*(?:tests?|__tests__|spec|testdata|__snapshots__|__fixtures__|__mocks__)\/`;
const READS = new RegExp(
  `(?:\\b(?:include_\\w+!|open|read\\w*|load\\w*|Path|ReadFile|readFileSync|createReadStream|File\\.\\w+|Paths?\\.(?:get|of)|require|require_relative|import|from|getResource\\w*|embed|glob\\w*)(?!\\w)[^;]{0,60}['"\`(]\\s*)${PLACE}|^//go:embed\\s+${PLACE}`,
);
const IMPORTS =
  /^(?:from|import)\s+(?:\.*)(?:tests?|spec|conftest|test_\w+)(?:\.|\s|$)|\bfrom\s+['"][^'"]*(?:\.test|\.spec|__tests__|__mocks__)[^'"]*['"]|\bmod\s+tests?;/;

/** Program code that takes what tests expect from the tests. */
export function readsTestsFindings(file: GateFile): readonly GateFinding[] {
  return addedLines(file).flatMap(({ line, text }) => {
    const code = withoutComment(file.path, text).slice(0, 1000);
    return READS.test(code) || IMPORTS.test(code)
      ? [{ code: 'test-data-read', path: file.path, line, detail: 'the program reads what belongs to the tests' }]
      : [];
  });
}

import type { GateFinding } from '../../proof.schema.ts';
import { addedLines, type GateFile, removedLines } from './lines.ts';

const ASSERTION =
  /\b(?:assert\w*|expect\w*|should|require\.\w+|verify\w*|t\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)|self\.fail\w*|assert_\w+!?|assert!|assert_eq!|assert_ne!)\s*[(!.]|^assert\b/g;
const TEST_DECLARATION =
  /\b(?:it|test)\s*(?:\.\w+)?\s*\(|\bdef\s+test\w*\s*\(|\bfunc\s+Test\w*\s*\(|@(?:Test|ParameterizedTest|RepeatedTest)\b|#\[(?:\w+::)?test\b/g;
const WEAK =
  /\b(?:assertTrue|assertIsNotNone|assertIsNone|assertNotNull|toBeDefined|toBeTruthy|toBeFalsy|not\.toThrow|toBeInstanceOf|toBeNull|not_to\s+be_nil|be_truthy|be_present|is_some|is_ok|assertIn)\b|expect\.anything|expect\.any\b|assert\s+True\b|assertTrue\(\s*(?:True|true)\s*\)/;
const STRICT =
  /\b(?:assertEqual\w*|assertEquals|assertRaises\w*|assertThrows|assertSame|toBe|toEqual|toStrictEqual|toMatchObject|toThrow\w*|eq|eql|strictEqual|deepStrictEqual|deepEqual|assert_eq|assert_ne|Equal)\b|==|\bassert\b.*(?:==|is\b|<|>)/;
/** Assertions that hold whatever is asserted: no matcher, or a pair that is true because it is not empty. */
const VOID =
  /^(?:await\s+)?expect\((?:[^()]|\([^()]*\)){0,300}\);?$|^assert\s*\((?:[^()]|\([^()]*\)){0,300},\s*(['"]).*\1\s*\)$|^assert\s+\(?(?:True|1)\)?$/;
const TOLERANCE =
  /^\}\s*,\s*[\d_]+\s*\)|\b(?:delta|places|tolerance|epsilon|atol|rtol|rel|abs|rel_tol|abs_tol|timeout|within|toBeCloseTo|approx)\b/;

function count(text: string | null, pattern: RegExp): number {
  return (text ?? '').match(pattern)?.length ?? 0;
}

function numbers(text: string): string {
  return text.replace(/\d+(?:\.\d+)?(?:e-?\d+)?/gi, '#');
}

/** Fewer tests or assertions, and assertions that ask for less, in a changed test file. */
export function assertionFindings(file: GateFile): GateFinding[] {
  const findings: GateFinding[] = [];
  const at = { path: file.path };
  if (file.after === null) return [{ code: 'tests-removed', ...at, detail: 'a test file is deleted' }];
  if (file.before === null) return findings;
  const tests = count(file.before, TEST_DECLARATION) - count(file.after, TEST_DECLARATION);
  if (tests > 0) findings.push({ code: 'tests-removed', ...at, detail: `${tests} fewer tests are declared` });
  const assertions = count(file.before, ASSERTION) - count(file.after, ASSERTION);
  if (assertions > 0) findings.push({ code: 'assertions-removed', ...at, detail: `${assertions} fewer assertions` });
  const added = addedLines(file);
  const removed = removedLines(file);
  if (removed.some((line) => STRICT.test(line) && !WEAK.test(line))) {
    for (const { line, text } of added) {
      if (WEAK.test(text)) findings.push({ code: 'assertion-loosened', ...at, line, detail: 'an assertion asks for less than before' });
    }
  }
  for (const { line, text } of added) {
    if (VOID.test(text.slice(0, 1000)))
      findings.push({ code: 'assertion-loosened', ...at, line, detail: 'an assertion holds whatever is asserted' });
  }
  const tolerances = new Set(removed.filter((line) => TOLERANCE.test(line)).map(numbers));
  for (const { line, text } of added) {
    if (TOLERANCE.test(text) && (tolerances.has(numbers(text)) || tolerances.size > 0))
      findings.push({ code: 'tolerance-changed', ...at, line, detail: 'a tolerance or time limit of a test is changed' });
  }
  const expected = removed.filter((line) => count(line, ASSERTION) > 0);
  const shapes = new Set(
    expected.map((line) => line.replace(/(['"`]).*?\1|\b\d+(?:\.\d+)?\b|\b(?:true|false|null|none|nil|undefined)\b/gi, '#')),
  );
  for (const { line, text } of added) {
    if (
      count(text, ASSERTION) > 0 &&
      shapes.has(text.replace(/(['"`]).*?\1|\b\d+(?:\.\d+)?\b|\b(?:true|false|null|none|nil|undefined)\b/gi, '#'))
    ) {
      findings.push({ code: 'expectation-changed', ...at, line, detail: 'an expected value of a test is changed' });
    }
  }
  // What counts may stand anywhere: in a constant, in a helper, in data. Adding is no weakening by itself; blank lines and comments say nothing.
  const changed = removed.find((line) => !/^(?:#(?!\[)|\/\/|\/?\*|<!--|--\s|;)/.test(line));
  if (changed !== undefined && findings.length === 0)
    findings.push({ code: 'test-edited', ...at, detail: 'a line of a test, or of what it uses, is changed' });
  return findings;
}

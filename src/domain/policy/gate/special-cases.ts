import type { GateFinding } from '../../proof.schema.ts';
import { addedLines, type GateFile } from './lines.ts';
import { isTestFile } from './paths.ts';

/** Literals long enough to be a test's own input and not a common word. */
const LITERAL = /(['"`])([^'"`\n]{4,80})\1/g;
const CONDITION = /\b(?:if|elif|else if|case|when|match|switch)\b|\?[^.:?]+:|=>|\bin\s*[[({]/;

/** Code that compares with a literal which stands in a test: the test's own input, special-cased. Test files are the ones at hand, changed or not. */
export function specialCaseFindings(file: GateFile, testTexts: readonly string[]): GateFinding[] {
  if (isTestFile(file.path) || testTexts.length === 0) return [];
  const findings: GateFinding[] = [];
  for (const { line, text } of addedLines(file)) {
    if (!CONDITION.test(text)) continue;
    for (const [, , literal = ''] of text.matchAll(LITERAL)) {
      if ((file.before ?? '').includes(literal) || !testTexts.some((test) => test.includes(literal))) continue;
      findings.push({
        code: 'test-input-special-cased',
        path: file.path,
        line,
        detail: 'the code branches on a literal that stands in a test',
      });
      break;
    }
  }
  return findings;
}

import type { ReportFormat } from '../domain/incident.schema.ts';
import type { TestReport, TestStatus } from '../domain/proof.schema.ts';
import { parseGoJson } from './go-json.ts';
import { parseJestJson } from './jest-json.ts';
import { parseJunit } from './junit.ts';
import { parseNode } from './node.ts';
import { parsePytest } from './pytest.ts';
import { parseTap } from './tap.ts';
import { parseUnittest } from './unittest.ts';

/** One test as a parser sees it. */
export interface ParsedTest {
  readonly name: string;
  readonly status: TestStatus;
}

/** More tests than this in one report are cut off; the schema's limit. */
const MAX_TESTS = 20_000;

function parse(format: ReportFormat, output: string, file: Uint8Array | undefined): readonly ParsedTest[] | null {
  switch (format) {
    case 'junit':
      return file === undefined ? null : parseJunit(new TextDecoder().decode(file));
    case 'tap':
      return parseTap(output);
    case 'node':
      return parseNode(output);
    case 'jest-json':
      return parseJestJson(file === undefined ? output : new TextDecoder().decode(file));
    case 'unittest':
      return parseUnittest(output);
    case 'pytest':
      return parsePytest(output);
    case 'go-json':
      return parseGoJson(output);
    case 'exit-code':
      return null;
  }
}

const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Read a test report; null when the format has none or nothing of it was found. Never throws. */
export function parseReport(
  format: ReportFormat,
  input: { readonly output: string; readonly file?: Uint8Array | undefined },
): TestReport | null {
  const tests = parse(format, input.output.replace(ANSI, ''), input.file);
  if (tests === null || tests.length === 0) return null;
  return { format, tests: tests.slice(0, MAX_TESTS).map(({ name, status }) => ({ name: name.slice(0, 500), status })) };
}

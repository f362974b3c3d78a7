import type { GateFile } from './lines.ts';
import { isTestFile } from './paths.ts';

const DECLARES_TESTS: Readonly<Record<string, RegExp>> = {
  py: /^\s*(?:async\s+)?def\s+test_\w*\s*\(|\bunittest\.TestCase\b/m,
  js: /^\s*(?:it|test|describe)(?:\.\w+)?\s*\(\s*['"`]/m,
  java: /^\s*@(?:Test|ParameterizedTest)\b/m,
};

function languageOf(path: string): string {
  const ending = path.slice(path.lastIndexOf('.') + 1);
  return /^[cm]?[jt]sx?$/.test(ending) ? 'js' : /^(?:java|kt)$/.test(ending) ? 'java' : ending;
}

/** The part of a Rust file that is built for tests only, on its own lines. */
function inlineTests(text: string | null): string | null {
  if (text === null) return null;
  const rows = text.split('\n');
  const from = rows.findIndex((row, index) => /^\s*#\[cfg\(test\)\]/.test(row) && /^\s*(?:pub\s+)?mod\b/.test(rows[index + 1] ?? ''));
  return from < 0 ? null : [...rows.slice(0, from).map(() => ''), ...rows.slice(from)].join('\n');
}

/** What of a file is test: all of it by its place or by what it declares, a part of it, or nothing (null). */
export function testPart(file: GateFile): GateFile | null {
  if (isTestFile(file.path)) return file;
  if (file.path.endsWith('.rs')) {
    const part = { ...file, before: inlineTests(file.before), after: inlineTests(file.after) };
    return part.before === null && part.after === null ? null : part;
  }
  return DECLARES_TESTS[languageOf(file.path)]?.test(file.before ?? '') === true ? file : null;
}

/** Examples in the documentation of a program that run as tests, and the line that takes a module of tests into the build. */
export const TEST_IN_PROGRAM =
  /^>>>\s|^#\[cfg\(test\)\]|^(?:pub\s+)?mod\s+tests?;|^\/\/\/\s*(?:assert|```)|^import\s+['"][^'"]*\.(?:test|spec)['"]/;

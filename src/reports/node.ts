import type { ParsedTest } from './index.ts';
import { parseTap } from './tap.ts';

const LINE = /^( *)(▶|✔|✖|﹣|⚠) (.*?)(?: \(\d[\d.]*ms\))?( # (?:SKIP|TODO).*)?$/u;
/** Begins the summary, which names failed tests once more. */
const SUMMARY = /^ℹ tests \d+/u;

/** What `node --test` prints: its spec reporter, or TAP where that was not a terminal in older versions. Subtests are named under their suites. */
export function parseNode(output: string): readonly ParsedTest[] {
  if (/^TAP version \d+$/m.test(output)) return parseTap(output);
  const tests: ParsedTest[] = [];
  const suites: Array<{ readonly indent: number; readonly name: string }> = [];
  for (const line of output.split('\n')) {
    if (SUMMARY.test(line)) break;
    const [, { length: indent } = '', mark, name, directive] = LINE.exec(line) ?? [];
    if (mark === undefined || name === undefined) continue;
    while ((suites.at(-1)?.indent ?? -1) > indent) suites.pop();
    const open = suites.at(-1);
    if (mark === '▶') {
      if (open?.indent === indent) suites.pop();
      suites.push({ indent, name });
    } else if (open?.indent === indent && open.name === name) {
      // The line that closes a suite says nothing that its tests did not say.
      suites.pop();
    } else {
      const status = directive !== undefined || mark === '﹣' ? 'skipped' : mark === '✔' ? 'passed' : 'failed';
      tests.push({ name: [...suites.filter((suite) => suite.indent < indent).map((suite) => suite.name), name].join(' > '), status });
    }
  }
  return tests;
}

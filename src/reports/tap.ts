import type { ParsedTest } from './index.ts';

const LINE = /^(\s*)(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*)$/;

/** TAP 12 to 14; subtests are named under the test that closes them, which comes after. */
export function parseTap(output: string): readonly ParsedTest[] {
  const tests: { name: string; status: ParsedTest['status']; indent: number; group: boolean }[] = [];
  for (const line of output.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const indent = (match[1] ?? '').length;
    const [text = '', directive = ''] = (match[3] ?? '').split(/\s#\s*/);
    const skipped = /^(?:skip|todo)\b/i.test(directive);
    let group = false;
    for (let index = tests.length - 1; index >= 0; index--) {
      const test = tests[index];
      if (test === undefined || test.indent <= indent) break;
      test.name = `${text} > ${test.name}`;
      group = true;
      if (test.indent > indent && test.group) continue;
    }
    if (group)
      for (let index = tests.length - 1; index >= 0 && (tests[index]?.indent ?? 0) > indent; index--)
        (tests[index] as { indent: number }).indent = indent;
    if (group) continue;
    tests.push({ name: text, status: skipped ? 'skipped' : match[2] === undefined ? 'passed' : 'failed', indent, group: false });
  }
  return tests.map(({ name, status }) => ({ name, status }));
}

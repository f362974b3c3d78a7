import type { ParsedTest } from './index.ts';

const START = /^(\S+) \(([\w.<>]+)\)(?:\s*\.\.\.\s*(.*))?$/;
const RESULT = /(?:^|\.\.\. )(ok|FAIL|ERROR|expected failure|unexpected success|skipped\b.*)$/;

/** Verbose output of Python's unittest: `test_login (tests.test_auth.LoginTest...) ... ok`, also with a docstring or prints in between. */
export function parseUnittest(output: string): readonly ParsedTest[] {
  const tests: ParsedTest[] = [];
  let open: string | null = null;
  for (const raw of output.split('\n')) {
    const line = raw.trimEnd();
    if (/^=+$/.test(line)) break;
    const start = START.exec(line);
    if (start !== null && (start[3] !== undefined || open === null)) {
      const [, method = '', owner = ''] = start;
      open = owner.endsWith(`.${method}`) ? owner : `${owner}.${method}`;
    }
    const word = open === null ? undefined : RESULT.exec(line)?.[1];
    if (open === null || word === undefined) continue;
    tests.push({
      name: open,
      status: word === 'ok' ? 'passed' : word.startsWith('skipped') || word === 'expected failure' ? 'skipped' : 'failed',
    });
    open = null;
  }
  return tests;
}

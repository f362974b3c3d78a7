import type { ParsedTest } from './index.ts';

const STATUS: Readonly<Record<string, ParsedTest['status']>> = { pass: 'passed', fail: 'failed', skip: 'skipped' };

/** `go test -json`: one event a line; package events without a test are left out. */
export function parseGoJson(output: string): readonly ParsedTest[] {
  const tests: ParsedTest[] = [];
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      const event = JSON.parse(line) as { Action?: unknown; Test?: unknown; Package?: unknown };
      const status = typeof event.Action === 'string' ? STATUS[event.Action] : undefined;
      if (status !== undefined && typeof event.Test === 'string')
        tests.push({ name: `${typeof event.Package === 'string' ? event.Package : ''}.${event.Test}`, status });
    } catch {
      // A line of the program's own output that only looks like an event.
    }
  }
  return tests;
}

import { XMLParser } from 'fast-xml-parser';
import type { ParsedTest } from './index.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  processEntities: false,
  isArray: (name) => ['testsuite', 'testcase'].includes(name),
});

function walk(node: unknown, tests: ParsedTest[], depth: number): void {
  if (typeof node !== 'object' || node === null || depth > 20) return;
  const element = node as Record<string, unknown>;
  for (const testcase of (element['testcase'] as Record<string, unknown>[] | undefined) ?? []) {
    if (typeof testcase !== 'object' || testcase === null) continue;
    const name = [testcase['@classname'], testcase['@name']].filter((part) => typeof part === 'string' && part !== '').join('.');
    const status = 'failure' in testcase || 'error' in testcase ? 'failed' : 'skipped' in testcase ? 'skipped' : 'passed';
    tests.push({ name: name === '' ? 'unnamed' : name, status });
  }
  for (const suite of (element['testsuite'] as unknown[] | undefined) ?? []) walk(suite, tests, depth + 1);
  if (element['testsuites'] !== undefined) walk(element['testsuites'], tests, depth + 1);
}

/** JUnit XML, as most runners write it; entities are not expanded. */
export function parseJunit(text: string): readonly ParsedTest[] | null {
  try {
    const tests: ParsedTest[] = [];
    walk(parser.parse(text), tests, 0);
    return tests;
  } catch {
    return null;
  }
}

import { z } from 'zod';
import type { ParsedTest } from './index.ts';

/** The report that jest and vitest write with their JSON reporters; only what is used. */
const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string().optional(),
      status: z.string().optional(),
      assertionResults: z
        .array(
          z.object({
            fullName: z.string().optional(),
            ancestorTitles: z.array(z.string()).optional(),
            title: z.string().optional(),
            status: z.string(),
          }),
        )
        .default([]),
    }),
  ),
});

const STATUS: Readonly<Record<string, ParsedTest['status']>> = { passed: 'passed', failed: 'failed' };

/** The report among other output: from the first line that begins a JSON object to the end of that object. */
function found(text: string): unknown {
  for (const { index } of text.matchAll(/^\{/gm)) {
    const end = text.lastIndexOf('}');
    try {
      return JSON.parse(text.slice(index, end + 1)) as unknown;
    } catch {
      // Something else that begins with a brace.
    }
  }
  return null;
}

/** JSON reports of jest and vitest, from a file or among the output. A file that could not even be loaded is a failed test of its name. */
export function parseJestJson(text: string): readonly ParsedTest[] | null {
  const read = Report.safeParse(found(text));
  if (!read.success) return null;
  return read.data.testResults.flatMap(({ name = '', status, assertionResults }): ParsedTest[] => {
    if (assertionResults.length === 0) return status === 'failed' ? [{ name: name.replace(/^\/workspace\//, ''), status: 'failed' }] : [];
    return assertionResults.map((each) => {
      const parts = [...(each.ancestorTitles ?? []), ...(each.title === undefined ? [] : [each.title])].filter((part) => part !== '');
      return { name: parts.length > 0 ? parts.join(' > ') : (each.fullName ?? ''), status: STATUS[each.status] ?? 'skipped' };
    });
  });
}

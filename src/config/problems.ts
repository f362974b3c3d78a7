import type { z } from 'zod';
import { nearest } from './near.ts';
import type { LineOf, Problem } from './yaml-file.ts';

/** More problems than this are counted, not listed. */
const MAX_LISTED = 30;

/** The parts of a zod schema that tell which keys it knows; read by structure because wrappers nest in any order. */
interface SchemaParts {
  readonly def?: { readonly innerType?: unknown; readonly in?: unknown };
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
}

function unwrap(schema: unknown): SchemaParts | undefined {
  let current = schema as SchemaParts | undefined;
  for (;;) {
    const next = current?.def?.innerType ?? current?.def?.in;
    if (next === undefined) return current;
    current = next as SchemaParts;
  }
}

/** The keys that an object schema knows at a path. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let current: unknown = schema;
  for (const step of path) {
    const here = unwrap(current);
    current = typeof step === 'number' ? here?.element : (here?.shape?.[String(step)] ?? here?.valueType);
  }
  return Object.keys(unwrap(current)?.shape ?? {});
}

function unknownKey(key: string, known: readonly string[]): string {
  const hint = nearest(key, known);
  if (hint !== undefined) return `unknown key; did you mean \`${hint}\`?`;
  return known.length === 0 ? 'unknown key; there are none here' : `unknown key; known: ${known.join(', ')}`;
}

/** Every problem that a schema has with plain data, each with its line; empty when it fits. */
export function problemsOf(raw: unknown, schema: z.ZodType, lineOf: LineOf): readonly Problem[] {
  const checked = schema.safeParse(raw);
  if (checked.success) return [];
  return checked.error.issues.flatMap((issue): Problem[] => {
    const field = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') {
      const text =
        issue.code === 'invalid_type' && /received undefined$/.test(issue.message)
          ? `is missing (expected ${issue.expected})`
          : issue.message;
      return [{ line: lineOf(issue.path), field: field.join('.'), text }];
    }
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => ({ line: lineOf(issue.path, key), field: [...field, key].join('.'), text: unknownKey(key, known) }));
  });
}

/** `file:line: field: text`, one problem a line in the order of the file; control characters of outside text are taken out. */
export function describeProblems(file: string, problems: readonly Problem[]): string {
  const sorted = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const listed = sorted.slice(0, MAX_LISTED).map(({ line, field, text }) => {
    const said = `${field === '' ? '' : `${field}: `}${text}`
      .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
      .slice(0, 400);
    return `${file}${line === null ? '' : `:${line}`}: ${said}`;
  });
  if (sorted.length > MAX_LISTED) listed.push(`${file}: and ${sorted.length - MAX_LISTED} more`);
  return listed.join('\n');
}

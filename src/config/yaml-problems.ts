import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { nearest } from './near.ts';

/** One problem of a YAML file: where and what, with the way out. */
export interface YamlProblem {
  readonly line: number | null;
  readonly field: string;
  readonly text: string;
}

/** A YAML text checked against a schema. */
export type YamlResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly YamlProblem[] };

/** Largest accepted file, 64 kB: a policy or configuration is written by hand. */
const MAX_BYTES = 65_536;

/** The keys an object schema knows at a path, to suggest the nearest one. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let current: unknown = schema;
  const unwrap = (value: unknown): unknown => {
    let inner = value;
    for (;;) {
      const def = (inner as { def?: { innerType?: unknown; in?: unknown } } | undefined)?.def;
      const next = def?.innerType ?? def?.in;
      if (next === undefined) return inner;
      inner = next;
    }
  };
  for (const step of path) {
    const here = unwrap(current) as { shape?: Record<string, unknown>; element?: unknown; valueType?: unknown } | undefined;
    current = typeof step === 'number' ? here?.element : (here?.shape?.[String(step)] ?? here?.valueType);
  }
  const end = unwrap(current) as { shape?: Record<string, unknown> } | undefined;
  return Object.keys(end?.shape ?? {});
}

/** Parse and check a YAML text; every problem at once, each with its line. */
export function checkYaml<S extends z.ZodType>(text: string, schema: S): YamlResult<z.infer<S>> {
  if (Buffer.byteLength(text) > MAX_BYTES) return { ok: false, problems: [{ line: null, field: '', text: `the file is larger than ${MAX_BYTES} bytes` }] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const lineAt = (offset: number | undefined) => (offset === undefined ? null : lines.linePos(offset).line);
  if (document.errors.length > 0) {
    return { ok: false, problems: document.errors.map((error) => ({ line: lineAt(error.pos[0]), field: '', text: (error.message.split('\n')[0] ?? '').slice(0, 200) })) };
  }
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch (error) {
    return { ok: false, problems: [{ line: null, field: '', text: error instanceof Error ? error.message : 'unreadable' }] };
  }
  const lineOf = (path: readonly PropertyKey[], key?: string): number | null => {
    const parent = path.length === 0 ? document.contents : document.getIn(path.map(String), true);
    if (key !== undefined && isMap(parent)) {
      const pair = parent.items.find((item) => String(item.key) === key);
      if (isNode(pair?.key)) return lineAt(pair.key.range?.[0]);
    }
    if (isNode(parent)) return lineAt(parent.range?.[0]);
    return path.length === 0 ? 1 : lineOf(path.slice(0, -1));
  };
  const checked = schema.safeParse(raw);
  if (checked.success) return { ok: true, value: checked.data };
  const problems = checked.error.issues.flatMap((issue): YamlProblem[] => {
    if (issue.code !== 'unrecognized_keys') return [{ line: lineOf(issue.path), field: issue.path.map(String).join('.'), text: issue.message }];
    return issue.keys.map((key) => {
      const hint = nearest(key, knownKeys(schema, issue.path));
      return {
        line: lineOf(issue.path, key),
        field: [...issue.path.map(String), key].join('.'),
        text: hint === undefined ? 'unknown key; remove it' : `unknown key; did you mean \`${hint}\`?`,
      };
    });
  });
  return { ok: false, problems };
}

/** `file:line: field: text`, one problem a line. */
export function describeProblems(file: string, problems: readonly YamlProblem[]): string {
  return problems.map(({ line, field, text }) => `${file}${line === null ? '' : `:${line}`}: ${field === '' ? '' : `${field}: `}${text}`).join('\n');
}

import { z } from 'zod';

interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
}

/** One row: key, default, what is allowed, meaning. */
export interface Setting {
  readonly key: string;
  readonly fallback: string;
  readonly allowed: string;
  readonly means: string;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size} ${unit}`;
}

function size(bytes: number): string {
  return bytes % 1024 ** 3 === 0
    ? `${bytes / 1024 ** 3} GiB`
    : bytes % 1024 ** 2 === 0
      ? `${bytes / 1024 ** 2} MiB`
      : `${bytes / 1024} KiB`;
}

function read(name: string, value: number): string {
  if (/Ms$/.test(name) && value >= 1000) return duration(value);
  return /bytes$/i.test(name) && value % 1024 === 0 ? size(value) : String(value);
}

/** Numbers of milliseconds and bytes are told twice: as they are written and as they are read. */
function told(name: string, value: unknown): string {
  const written = `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  const shown = typeof value === 'number' ? read(name, value) : String(value);
  return typeof value === 'number' && shown !== String(value) ? `${written} (${shown})` : written;
}

function allowed(name: string, node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(' ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.type === 'array') return 'list';
  if (node.type !== 'integer' && node.type !== 'number')
    return node.type === 'object' ? 'map' : node.type === 'boolean' ? 'yes or no' : 'text';
  const least = node.exclusiveMinimum === undefined ? (node.minimum ?? 0) : node.exclusiveMinimum + 1;
  const most = node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER ? node.maximum : undefined;
  if (most === undefined) return `from ${least}`;
  return least === 0 ? `up to ${read(name, most)}` : `${least} to ${read(name, most)}`;
}

/** Defaults that a transformation hides from the JSON schema. */
function filledIn(schema: z.ZodType, path: string): unknown {
  const filled = schema.safeParse({});
  return filled.success
    ? path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], filled.data)
    : undefined;
}

function* walk(node: Node, path: string, hidden: (key: string) => unknown, given: string): Generator<Setting> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = path === '' ? name : `${path}.${name}`;
    const optional = child.default === undefined && !(node.required?.includes(name) ?? false);
    if (child.properties && Object.keys(child.properties).length > 0) {
      yield* walk(child, key, hidden, optional ? `must be given with \`${key}\`` : given);
      continue;
    }
    if (child.description === undefined) throw new Error(`the setting ${key} has no description`);
    const value = child.default ?? hidden(key);
    const fallback = value !== undefined ? told(name, value) : optional ? '' : given;
    yield { key, fallback, allowed: allowed(name, child), means: child.description };
    if (child.items?.properties) yield* walk(child.items, `${key}[]`, () => undefined, 'must be given');
  }
}

/** Every setting of a schema, as its writers of YAML see it. */
export function settingsOf(schema: z.ZodType): readonly Setting[] {
  const tree = z.toJSONSchema(schema, { io: 'input' }) as Node;
  return [...walk(tree, '', (key) => filledIn(schema, key), 'must be given')];
}

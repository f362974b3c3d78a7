import type { PlanStep } from '../../domain/plan.schema.ts';
import { parsePackageJson } from '../package-json.ts';
import type { Comparison, Ecosystem, Moved } from './contract.ts';

interface Entry {
  readonly version?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
type Packages = Readonly<Record<string, Entry>>;
interface Lock {
  readonly whole: Readonly<Record<string, unknown>>;
  readonly packages: Packages;
}

const LOCK = 'package-lock.json';
const MANIFEST = 'package.json';
const FOLDER = 'node_modules/';
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

function parse(text: string | null): Lock | null {
  try {
    const whole = JSON.parse(text ?? '') as Lock['whole'] & { readonly packages?: Packages; readonly lockfileVersion?: unknown };
    const { lockfileVersion, packages } = whole;
    return (lockfileVersion === 2 || lockfileVersion === 3) && typeof packages === 'object' && packages !== null
      ? { whole, packages }
      : null;
  } catch {
    return null;
  }
}

const nameOf = (key: string): string | null => {
  const at = key.lastIndexOf(FOLDER);
  return at < 0 ? null : key.slice(at + FOLDER.length);
};
/** Whether a key is a package of one of these names, or lies within one. */
const belongs = (key: string, names: ReadonlySet<string>): boolean =>
  key
    .split(FOLDER)
    .slice(1)
    .some((part) => names.has(part.replace(/\/$/, '')));

/** Names at versions, in every place where they are installed. */
function versionsOf(packages: Packages): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const [key, { version, link }] of Object.entries(packages)) {
    const name = nameOf(key);
    if (name !== null && version !== undefined && link !== true)
      found.set(name, (found.get(name) ?? new Map<string, string>()).set(key, version));
  }
  return found;
}

const wants = (packages: Packages): Readonly<Record<string, string>> => {
  const root: Readonly<Record<string, unknown>> = { ...packages[''] };
  return Object.assign({}, ...KINDS.map((kind) => root[kind] ?? {})) as Record<string, string>;
};

function movedOf(head: Packages, green: Packages, forced: ReadonlySet<string>): readonly Moved[] {
  const [now, then] = [versionsOf(head), versionsOf(green)];
  const direct = wants(head);
  return [...now].flatMap(([name, places]) => {
    const before = then.get(name);
    const key = [...places.keys()]
      .sort((a, b) => a.length - b.length)
      .find((place) => before?.get(place) !== undefined && before.get(place) !== places.get(place));
    if (before === undefined || key === undefined) return [];
    return [{ name, from: before.get(key) ?? '', to: places.get(key) ?? '', direct: Object.hasOwn(direct, name), held: forced.has(name) }];
  });
}

/** A range in a manifest, replaced where it stands; the rest of the text stays as it is. */
function withRange(text: string, name: string, range: string, by: string): string {
  const quoted = (value: string) => JSON.stringify(value).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(${quoted(name)}\\s*:\\s*)${quoted(range)}`), (_whole, key: string) => `${key}${JSON.stringify(by)}`);
}

function compare(
  headLock: Lock,
  greenLock: Lock,
  texts: { readonly lock: string; readonly manifest: string; readonly greenManifest: string },
): Comparison {
  const [head, green] = [headLock.packages, greenLock.packages];
  const before = parsePackageJson(texts.greenManifest);
  // Whoever forced a version since green had a reason.
  const forced = new Set((parsePackageJson(texts.manifest)?.forced ?? []).filter((name) => before?.forced.includes(name) !== true));
  const moved = movedOf(head, green, forced);
  const present = versionsOf(head);
  const changed = new Set(moved.map(({ name }) => name));
  const [asked, askedBefore] = [wants(head), wants(green)];
  const closure = (names: ReadonlySet<string>): ReadonlySet<string> => {
    const all = new Set(names);
    for (const name of all)
      for (const [key, entry] of Object.entries(green)) {
        if (nameOf(key) !== name) continue;
        // What the green version asks for must be there as it was then.
        for (const needed of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies }))
          if (changed.has(needed) || !present.has(needed)) all.add(needed);
      }
    return all;
  };
  const withGreen = (names: ReadonlySet<string>): readonly PlanStep[] => {
    const all = closure(names);
    const rows = [
      ...Object.entries(head).filter(([key]) => !belongs(key, all)),
      ...Object.entries(green).filter(([key]) => belongs(key, all)),
    ].sort(([a], [b]) => (a === b ? 0 : a.localeCompare(b, 'en')));
    const packages: Record<string, Entry> = Object.fromEntries(rows);
    let manifest = texts.manifest;
    const root = structuredClone(packages['']) as Record<string, Record<string, string>> | undefined;
    for (const name of names) {
      const [now, then] = [asked[name], askedBefore[name]];
      if (root === undefined || now === undefined || then === undefined || now === then) continue;
      for (const kind of KINDS) {
        const ranges = root[kind];
        if (ranges?.[name] !== undefined) ranges[name] = then;
      }
      manifest = withRange(manifest, name, now, then);
    }
    if (root !== undefined) packages[''] = root as Entry;
    const legacy = headLock.whole['dependencies'] as Record<string, unknown> | undefined;
    const earlier = greenLock.whole['dependencies'] as Record<string, unknown> | undefined;
    const dependencies =
      legacy === undefined
        ? undefined
        : { ...legacy, ...Object.fromEntries([...all].flatMap((name) => (earlier?.[name] === undefined ? [] : [[name, earlier[name]]]))) };
    const indent = /^\{\r?\n([ \t]+)"/.exec(texts.lock)?.[1] ?? '  ';
    const lock = { ...headLock.whole, packages, ...(dependencies === undefined ? {} : { dependencies }) };
    const file = (path: string, text: string): PlanStep => ({ kind: 'write-text', path, text, mode: '100644' });
    return [file(LOCK, `${JSON.stringify(lock, null, indent)}\n`), ...(manifest === texts.manifest ? [] : [file(MANIFEST, manifest)])];
  };
  return { moved, onlyVersions: texts.manifest === texts.greenManifest, closure, withGreen };
}

/** package-lock.json, versions 2 and 3. */
export const npmLock: Ecosystem = {
  id: 'npm',
  locks: [LOCK],
  manifests: [MANIFEST],
  compare(head, green) {
    const [now, then] = [parse(head(LOCK)), parse(green(LOCK))];
    const [lock, manifest, greenManifest] = [head(LOCK), head(MANIFEST), green(MANIFEST)];
    if (now === null || then === null || lock === null || manifest === null || greenManifest === null) return null;
    return compare(now, then, { lock, manifest, greenManifest });
  },
};

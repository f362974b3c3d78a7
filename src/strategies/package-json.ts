/** What of a package.json strategies look at. */
export interface PackageJson {
  readonly scripts: Readonly<Record<string, string>>;
  /** Names with wanted ranges, of every kind of dependency. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Names of packages that are forced to a version. */
  readonly forced: readonly string[];
}

function strings(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The parts of a package.json; null where there is none, or it is no JSON object. */
export function parsePackageJson(text: string | null): PackageJson | null {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    if (typeof parsed !== 'object' || parsed === null) return null;
    const all = parsed as Record<string, unknown>;
    const pnpm = all['pnpm'] as { readonly overrides?: unknown } | undefined;
    return {
      scripts: strings(all['scripts']),
      dependencies: {
        ...strings(all['peerDependencies']),
        ...strings(all['optionalDependencies']),
        ...strings(all['devDependencies']),
        ...strings(all['dependencies']),
      },
      forced: [all['overrides'], all['resolutions'], pnpm?.overrides].flatMap((each) => Object.keys(Object(each ?? {}) as object)),
    };
  } catch {
    return null;
  }
}

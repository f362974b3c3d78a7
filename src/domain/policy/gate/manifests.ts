import { matchesAny } from '../../glob.ts';
import type { GateFinding } from '../../proof.schema.ts';
import { addedLines, type GateFile, removedLines } from './lines.ts';

type Json = Readonly<Record<string, unknown>>;

/** Keys of a package.json that say how tests are found and run, or what a name stands for. */
const PACKAGE_KEYS: ReadonlyArray<readonly [code: string, keys: readonly string[], detail: string]> = [
  ['test-command-edited', ['scripts'], 'how the tests are run is changed'],
  [
    'test-config-edited',
    ['jest', 'vitest', 'mocha', 'ava', 'tap', 'nyc', 'c8', 'babel', 'cypress', 'wallaby'],
    'the configuration of the test runner is changed',
  ],
  [
    'lint-config-edited',
    ['eslintConfig', 'eslintIgnore', 'prettier', 'stylelint', 'xo', 'standard', 'lint-staged'],
    'the configuration of a checker is changed',
  ],
  [
    'package-redirected',
    ['imports', 'overrides', 'resolutions', 'pnpm', 'alias', 'browser', 'patchedDependencies'],
    'a name stands for another module',
  ],
];
const ELSEWHERE = /^(?:file|link|portal|git(?:\+\w+)?|github|https?|npm|patch|workspace):|^\.{0,2}\//;

function parsed(text: string | null): Json | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

/** Whether both versions of a JSON manifest can be read. */
export function readable(file: GateFile): boolean {
  return parsed(file.before) !== null && parsed(file.after) !== null;
}

/** What is nested too deep to be written again is taken for another value. */
function same(before: unknown, after: unknown): boolean {
  try {
    return JSON.stringify(before) === JSON.stringify(after);
  } catch {
    return false;
  }
}

function packageFindings(file: GateFile): readonly GateFinding[] {
  const before = parsed(file.before) ?? {};
  const after = parsed(file.after);
  if (after === null) return [];
  const findings: GateFinding[] = [];
  for (const [code, keys, detail] of PACKAGE_KEYS) {
    if (keys.some((key) => !same(before[key], after[key]))) findings.push({ code, path: file.path, detail });
  }
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
    for (const [name, version] of Object.entries(Object(after[kind]) as Json)) {
      const was = (Object(before[kind]) as Json)[name];
      if (version !== was && ELSEWHERE.test(String(version)))
        findings.push({ code: 'package-redirected', path: file.path, detail: `${name.slice(0, 100)} comes from another place` });
    }
  }
  return findings;
}

/** Sections of settings files that belong to test runners, to checkers, or to where packages come from. */
const SECTIONS: ReadonlyArray<readonly [file: RegExp, section: RegExp, code: string, detail: string]> = [
  [
    /(?:^|\/)(?:pyproject|tox|pytest|setup)\.(?:toml|cfg|ini)$|(?:^|\/)Pipfile$/,
    /^(?:tool[.:](?:pytest|coverage|tox|nox|hatch\.envs\.\w*test|poe|taskipy)|pytest|testenv|coverage|.*entry-points\.['"]?pytest11|options\.entry_points)/,
    'test-config-edited',
    'the configuration of the test runner is changed',
  ],
  [
    /(?:^|\/)(?:pyproject|setup)\.(?:toml|cfg)$/,
    /^tool[.:](?:ruff|black|isort|mypy|pylint|flake8|pyright|basedpyright|bandit|pydocstyle|ty)\b|^(?:flake8|mypy|isort|pylint|pycodestyle)/,
    'lint-config-edited',
    'the configuration of a checker is changed',
  ],
  [
    /(?:^|\/)Cargo\.toml$/,
    /^(?:\[?test\]?|lib|\[?bin\]?|profile\.test|lints|workspace\.lints)\b/,
    'test-config-edited',
    'which targets are built and tested is changed',
  ],
  [
    /(?:^|\/)Cargo\.toml$|(?:^|\/)pyproject\.toml$/,
    /^(?:patch|replace|tool\.uv\.sources|\[?tool\.poetry\.source)/,
    'package-redirected',
    'a package comes from another place',
  ],
];

/** Names of the sections in which lines of one version stand that the other lacks. */
function touchedSections(mine: string, other: string): ReadonlySet<string> {
  const entries = (text: string): readonly string[] => {
    let section = '';
    return text.split('\n').flatMap((raw) => {
      const row = raw.trim();
      if (/^\[.*\]$/.test(row)) section = row.slice(1, -1);
      return row === '' || row.startsWith('#') ? [] : [`${section}\n${row}`];
    });
  };
  const known = new Set(entries(other));
  return new Set(
    entries(mine)
      .filter((entry) => !known.has(entry))
      .map((entry) => entry.split('\n')[0] ?? ''),
  );
}

function sectionFindings(file: GateFile): readonly GateFinding[] {
  const relevant = SECTIONS.filter(([name]) => name.test(file.path));
  if (relevant.length === 0) return [];
  const touched = [...touchedSections(file.after ?? '', file.before ?? ''), ...touchedSections(file.before ?? '', file.after ?? '')];
  return relevant.flatMap(([, section, code, detail]) =>
    touched.some((name) => section.test(name)) ? [{ code, path: file.path, detail }] : [],
  );
}

/** Lines of manifests that turn tests off or fetch a package from elsewhere, by the kind of file. */
const LINES: ReadonlyArray<readonly [file: RegExp, line: RegExp, code: string, detail: string]> = [
  [/(?:^|\/)(?:go\.mod|go\.work)$/, /^replace\b|=>/, 'package-redirected', 'a package comes from another place'],
  [/(?:^|\/)Gemfile$/, /\b(?:path|git|github|source)\s*[:=]/, 'package-redirected', 'a package comes from another place'],
  [
    /(?:^|\/)(?:requirements|constraints)[\w.-]*\.txt$/,
    /^(?:-e|--?[\w-]*index-url|-f|--find-links|\.{0,2}\/|git\+|https?:)|@\s*(?:file|git\+|https?):/,
    'package-redirected',
    'a package comes from another place',
  ],
  [
    /(?:^|\/)(?:pyproject\.toml|setup\.(?:py|cfg))$/,
    /@\s*(?:file|git\+|https?):|\bpath\s*=\s*["']|\bpytest11\b|\btest_suite\b|\btests_require\b/,
    'package-redirected',
    'a package comes from another place, or adds to the test runner',
  ],
  [
    /(?:^|\/)Cargo\.toml$/,
    /\b(?:autotests|harness|doctest|test)\s*=\s*false|\bdebug-assertions\s*=\s*false|\bpath\s*=\s*"|\bgit\s*=\s*"/,
    'test-config-edited',
    'which targets are tested, or what a package stands for, is changed',
  ],
  [
    /(?:^|\/)(?:vite|rollup|webpack|rspack|next|nuxt|astro|svelte|babel|metro|rsbuild)\.config\.\w+$|(?:^|\/)\.(?:babelrc|swcrc)\b/,
    /\b(?:alias|test|setupFiles|inject|define|resolver|moduleNameMapper|passWithNoTests|exclude)\b/,
    'test-config-edited',
    'how modules are found, or tests are run, is changed',
  ],
  [
    /(?:^|\/)(?:build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?)$/,
    /\b(?:exclude|enabled|onlyIf|ignoreFailures|filter|useJUnit\w*|maxParallelForks|substitute|includeBuild)\b/,
    'test-command-edited',
    'how the tests are run is changed',
  ],
  [
    /(?:^|\/)pom\.xml$/,
    /<(?:exclude[sd]?\w*|includes?|groups|skip\w*|systemPath|argLine|testSource\w*|testExclude\w*|rerunFailing\w*|reuseForks)>/,
    'test-command-edited',
    'how the tests are run is changed',
  ],
];

/** Places of packages in a lock file. */
const LOCK =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|Pipfile\.lock)$/;
const SOURCE =
  /["']?(?:resolved|url|tarball|source|remote|registry|reference|directory)["']?\s*[:= ]\s*[{["']*\s*(?:\w+\s*[:=]\s*["'])?([a-z+]+:(?:\/\/[^/"'\s]+)?)/i;

const workspacesOf = (lock: Json | null): unknown => (Object((Object(lock?.['packages']) as Json)['']) as Json)['workspaces'];

/** Whether every link of an npm lock file leads to a workspace that the lock file knew by its globs before: then it is the repository's own package. */
function linksToWorkspaces(file: GateFile): boolean {
  const [before, after] = [parsed(file.before), parsed(file.after)];
  const globs = workspacesOf(after);
  if (!Array.isArray(globs) || !same(workspacesOf(before), globs)) return false;
  const links = Object.values(Object(after?.['packages']) as Json).filter((each) => (Object(each) as Json)['link'] === true);
  return links.every((each) => {
    const at = (Object(each) as Json)['resolved'];
    return typeof at === 'string' && !at.includes('..') && !/^\/|:/.test(at) && matchesAny(at, globs.map(String));
  });
}

function lockFindings(file: GateFile): readonly GateFinding[] {
  if (!LOCK.test(file.path)) return [];
  const ownLinks = linksToWorkspaces(file);
  const hosts = new Set((file.before ?? '').split('\n').map((row) => SOURCE.exec(row.slice(0, 500))?.[1]));
  return addedLines(file).flatMap(({ line, text }) => {
    const host = SOURCE.exec(text.slice(0, 500))?.[1];
    const linked = !ownLinks && /"link"\s*:\s*true/.test(text.slice(0, 500));
    return (host !== undefined && hosts.size > 1 && !hosts.has(host)) || linked || /^file:|^git/.test(host ?? '')
      ? [{ code: 'package-redirected', path: file.path, line, detail: 'a package comes from another place' }]
      : [];
  });
}

/** What a manifest, a lock file or a build file changes about the tests. */
export function manifestFindings(file: GateFile): readonly GateFinding[] {
  const lines = [...addedLines(file), ...removedLines(file).map((text) => ({ line: undefined, text }))];
  return [
    ...(/(?:^|\/)package\.json$/.test(file.path) ? packageFindings(file) : []),
    ...sectionFindings(file),
    ...lockFindings(file),
    ...LINES.filter(([name]) => name.test(file.path)).flatMap(([, pattern, code, detail]) => {
      const hit = lines.find(({ text }) => pattern.test(text.slice(0, 1000)));
      return hit === undefined ? [] : [{ code, path: file.path, ...(hit.line === undefined ? {} : { line: hit.line }), detail }];
    }),
  ];
}

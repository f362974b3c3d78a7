import type { Dependencies, DependencyManager } from '../domain/dependencies.schema.ts';
import type { Profile } from './contract.ts';

/** All that is known of a package manager. */
interface Preset {
  readonly profile: Profile;
  /** A file at the root that says that a repository uses it and pins what it installs. */
  readonly lock: string;
  readonly files: readonly string[];
  readonly run: string;
  readonly keep: readonly string[];
}

/** How packages are installed without running anything that they bring. Bundler and Maven cannot promise that: their packages run in the sandbox alone. */
const PRESETS: Readonly<Record<DependencyManager, Preset>> = {
  npm: {
    profile: 'node',
    lock: 'package-lock.json',
    // Not `.npmrc`: which registry counts is the administrator's to say.
    files: ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', '**/package.json'],
    run: 'npm ci --ignore-scripts',
    keep: ['workspace/node_modules'],
  },
  pip: {
    profile: 'python',
    lock: 'requirements.txt',
    files: ['requirements*.txt', 'requirements/*.txt', 'constraints*.txt'],
    // Wheels only: a source package runs its own set-up.
    run: 'python3 -m pip install --user --no-input --only-binary :all: -r requirements.txt',
    keep: ['deps'],
  },
  go: {
    profile: 'go',
    lock: 'go.sum',
    files: ['go.mod', 'go.sum', '**/go.mod', '**/go.sum', 'go.work', 'go.work.sum'],
    run: 'go mod download',
    keep: ['deps'],
  },
  cargo: {
    profile: 'rust',
    lock: 'Cargo.lock',
    files: ['Cargo.toml', 'Cargo.lock', '**/Cargo.toml'],
    // Cargo wants a target before it resolves anything; an empty one tells it nothing.
    run: 'for manifest in $(find . -name Cargo.toml); do folder=$(dirname "$manifest"); mkdir -p "$folder/src"; : > "$folder/src/lib.rs"; : > "$folder/src/main.rs"; done; cargo fetch --locked',
    keep: ['deps'],
  },
  maven: {
    profile: 'java',
    lock: 'pom.xml',
    files: ['pom.xml', '**/pom.xml'],
    run: 'mvn --quiet --batch-mode dependency:go-offline',
    keep: ['deps'],
  },
  bundler: {
    profile: 'ruby',
    lock: 'Gemfile.lock',
    files: ['Gemfile', 'Gemfile.lock', '*.gemspec'],
    run: 'bundle install',
    keep: ['deps'],
  },
};

/** Dependencies with everything filled in. */
export interface CompleteDependencies {
  readonly manager: DependencyManager;
  readonly profile: Profile;
  readonly files: readonly string[];
  readonly run: string;
  readonly keep: readonly string[];
}

/** Fills in what is usual for the manager. */
export function completeDependencies(wanted: Dependencies): CompleteDependencies {
  const { profile, files, run, keep } = PRESETS[wanted.manager];
  return {
    manager: wanted.manager,
    profile,
    files: wanted.files ?? files,
    run: wanted.run ?? run,
    keep: wanted.keep ?? keep,
  };
}

/** What a repository needs installed, by the lock files at its root. */
export function detectDependencies(paths: ReadonlySet<string>): readonly Dependencies[] {
  return (Object.keys(PRESETS) as DependencyManager[]).flatMap((manager) => (paths.has(PRESETS[manager].lock) ? [{ manager }] : []));
}

/** Toolchains of the package managers that the manifests at the root speak for, locked or not. */
export function profilesFor(paths: ReadonlySet<string>): readonly Profile[] {
  return [...new Set(Object.values(PRESETS).flatMap(({ profile, files }) => (files.some((file) => paths.has(file)) ? [profile] : [])))];
}

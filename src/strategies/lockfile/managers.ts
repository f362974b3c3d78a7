import type { Files } from '../reading.ts';

/** How a package manager writes its lock file anew from the manifest, moving nothing that the manifest does not move, and running nothing that packages bring. */
export interface LockManager {
  readonly id: string;
  /** Names under which it complains. */
  readonly tools: readonly string[];
  readonly manifests: readonly string[];
  readonly locks: readonly string[];
  /** What it is told to do; null where its files tell that another version of it is used. */
  run(files: Files): string | null;
  /** Paths that may change. */
  readonly only: readonly string[];
}

/** Runs a command that writes download addresses into lock files, and takes the address of the server's own mirror out again where the repository did not have it before. */
function withoutMirror(command: string, locks: readonly string[], host: string): string {
  const files = locks.join(' ');
  return [
    'mirror="${npm_config_registry%/}"',
    `had=$(cat ${files} 2>/dev/null | grep -cF "\${mirror:-nothing}/")`,
    `${command} || exit 1`,
    `if [ -n "$mirror" ] && [ "$had" = 0 ]; then for lock in ${files}; do if [ -f "$lock" ]; then sed -i "s#\\"$mirror/#\\"${host}/#" "$lock" || exit 1; fi; done; fi`,
  ].join('\n');
}

const always = (run: string) => () => run;

/** Every manager that is known. */
export const LOCK_MANAGERS: readonly LockManager[] = [
  {
    id: 'npm',
    tools: ['npm'],
    manifests: ['package.json'],
    locks: ['package-lock.json', 'npm-shrinkwrap.json'],
    run: always(
      withoutMirror(
        'npm install --package-lock-only --ignore-scripts --no-audit --no-fund',
        ['package-lock.json', 'npm-shrinkwrap.json'],
        'https://registry.npmjs.org',
      ),
    ),
    only: ['package-lock.json', 'npm-shrinkwrap.json'],
  },
  {
    id: 'pnpm',
    tools: ['pnpm'],
    manifests: ['package.json'],
    locks: ['pnpm-lock.yaml'],
    run: always('pnpm install --lockfile-only --ignore-scripts --no-frozen-lockfile'),
    only: ['pnpm-lock.yaml'],
  },
  {
    id: 'yarn',
    tools: ['yarn'],
    manifests: ['package.json'],
    locks: ['yarn.lock'],
    // The newer one has settings of its own, and a way to write the lock file alone.
    run: (files) =>
      files.has('.yarnrc.yml')
        ? 'YARN_ENABLE_SCRIPTS=false YARN_ENABLE_IMMUTABLE_INSTALLS=false yarn install --mode=update-lockfile'
        : withoutMirror('yarn install --ignore-scripts --non-interactive', ['yarn.lock'], 'https://registry.yarnpkg.com'),
    only: ['yarn.lock'],
  },
  {
    id: 'go',
    tools: ['go', 'go mod', 'go build', 'go vet', 'go test'],
    manifests: ['go.mod'],
    locks: ['go.sum'],
    run: always('go mod tidy'),
    only: ['go.mod', 'go.sum'],
  },
  {
    id: 'cargo',
    tools: ['cargo'],
    manifests: ['Cargo.toml'],
    locks: ['Cargo.lock'],
    run: always('cargo update --workspace'),
    only: ['Cargo.lock'],
  },
  {
    id: 'uv',
    tools: ['uv'],
    manifests: ['pyproject.toml'],
    locks: ['uv.lock'],
    run: always('uv lock'),
    only: ['uv.lock'],
  },
  {
    id: 'poetry',
    tools: ['poetry'],
    manifests: ['pyproject.toml'],
    locks: ['poetry.lock'],
    // Before version 2 it moved everything unless it was told not to.
    run: always('if poetry lock --help | grep -q -- --no-update; then poetry lock --no-update; else poetry lock; fi'),
    only: ['poetry.lock'],
  },
  {
    id: 'pip-tools',
    tools: ['pip-compile', 'pip-tools', 'pip'],
    manifests: ['requirements.in'],
    locks: ['requirements.txt'],
    run: always('pip-compile --quiet --no-emit-index-url --no-emit-trusted-host requirements.in'),
    only: ['requirements.txt'],
  },
  {
    id: 'bundler',
    tools: ['bundler', 'bundle'],
    manifests: ['Gemfile'],
    locks: ['Gemfile.lock'],
    run: always('bundle lock'),
    only: ['Gemfile.lock'],
  },
];

/** Files that tell which of them a repository uses. */
export const LOCK_FILES: readonly string[] = [
  ...new Set([...LOCK_MANAGERS.flatMap(({ manifests, locks }) => [...manifests, ...locks]), '.yarnrc.yml']),
];

import { describe, expect, it } from 'vitest';
import type { Strategy } from '../../src/strategies/contract.ts';
import { formatter } from '../../src/strategies/formatter/index.ts';
import { generated } from '../../src/strategies/generated/index.ts';
import { linter } from '../../src/strategies/linter/index.ts';
import { lockfile } from '../../src/strategies/lockfile/index.ts';
import { snapshot } from '../../src/strategies/snapshot/index.ts';
import { afterTrying, answered, commitOf, complaint, contextOf, type Given, HEAD } from './context.ts';

const manifest = (scripts: object, devDependencies: object = {}) => JSON.stringify({ scripts, devDependencies });

interface Case {
  readonly title: string;
  readonly strategy: Strategy;
  readonly given: Given;
  readonly files?: Readonly<Record<string, string>>;
  /** What is run, and on which paths; or the code of the refusal. */
  readonly run?: string;
  readonly only?: readonly string[];
  readonly code?: string;
}

const eslint = { kind: 'lint', complaints: [complaint('eslint', 'lint', { path: './src/a.js', rule: 'semi' })] } as const satisfies Given;
const format = { kind: 'format' } as const satisfies Given;

const CASES: readonly Case[] = [
  // formatter
  {
    title: 'the formatter of the policy runs for its own check',
    strategy: formatter,
    given: { policy: { format: { check: 'test', fix: './fmt.sh' } } },
    run: './fmt.sh',
    only: [],
  },
  { title: 'a red test is none of the formatter', strategy: formatter, given: {}, code: 'not-a-format-check' },
  {
    title: 'a script of package.json that writes is preferred',
    strategy: formatter,
    given: format,
    files: { 'package.json': manifest({ format: 'prettier --write .' }, { prettier: '3' }) },
    run: 'npm run --silent format',
  },
  {
    title: 'a script that only looks is not taken for one that writes',
    strategy: formatter,
    given: format,
    files: { 'package.json': manifest({ format: 'prettier --check .' }, { prettier: '3' }) },
    run: 'npx --no-install prettier --write .',
  },
  {
    title: 'only the files that the tool named may change',
    strategy: formatter,
    given: {
      ...format,
      complaints: [complaint('black', 'format', { path: 'shop/a.py' }), complaint('black', 'format', { path: 'shop/b.py' })],
    },
    files: { 'pyproject.toml': '[tool.black]\nline-length = 100\n' },
    run: 'python3 -m black .',
    only: ['shop/a.py', 'shop/b.py'],
  },
  {
    title: 'a path that is a pattern or leads outside names no file',
    strategy: formatter,
    given: {
      ...format,
      complaints: [complaint('gofmt', 'format', { path: '../../etc/passwd' }), complaint('gofmt', 'format', { path: '**' })],
    },
    files: { 'go.mod': 'module shop\n' },
    run: 'gofmt -w .',
    only: [],
  },
  {
    title: 'the formatter that complains is the one that runs',
    strategy: formatter,
    given: { ...format, complaints: [complaint('rustfmt', 'format', { path: 'src/lib.rs' })] },
    files: { 'Cargo.toml': '', 'package.json': manifest({}, { prettier: '3' }) },
    run: 'cargo fmt --all',
    only: ['src/lib.rs'],
  },
  {
    title: 'without a sign of a formatter there is no plan',
    strategy: formatter,
    given: format,
    files: { 'package.json': '{' },
    code: 'no-formatter',
  },
  // linter
  {
    title: 'the linter of the policy runs for its own check',
    strategy: linter,
    given: { policy: { lint: { check: 'test', fix: 'make fix' } } },
    run: 'make fix',
  },
  { title: 'a red test is none of the linter', strategy: linter, given: {}, code: 'not-a-lint-check' },
  {
    title: 'the fixing script is preferred, on the files that were named',
    strategy: linter,
    given: eslint,
    files: { 'package.json': manifest({ 'lint:fix': 'eslint --fix .', lint: 'eslint .' }, { eslint: '9' }) },
    run: 'npm run --silent lint:fix',
    only: ['src/a.js'],
  },
  {
    title: 'a plain call of the linter is told to fix',
    strategy: linter,
    given: eslint,
    files: { 'package.json': manifest({ lint: 'eslint src' }, { eslint: '9' }) },
    run: 'npm run --silent lint -- --fix',
  },
  {
    title: 'a script of several commands is not: the flag would reach another one',
    strategy: linter,
    given: eslint,
    files: { 'package.json': manifest({ lint: 'eslint . && tsc' }, { eslint: '9' }) },
    run: 'npx --no-install eslint --fix .',
  },
  {
    title: 'unsafe fixes are never run',
    strategy: linter,
    given: { kind: 'lint', complaints: [complaint('biome', 'lint')] },
    files: { 'package.json': manifest({ 'lint:fix': 'biome lint --write --unsafe .' }, { '@biomejs/biome': '2' }) },
    run: 'npx --no-install biome lint --write .',
  },
  {
    title: 'ruff is told to leave unsafe fixes, whatever its settings say',
    strategy: linter,
    given: { kind: 'lint', complaints: [complaint('ruff', 'lint', { path: 'a.py', rule: 'F401' })] },
    files: { 'pyproject.toml': '[tool.ruff.lint]\nunsafe-fixes = true\n' },
    run: 'ruff check --fix --no-unsafe-fixes .',
    only: ['a.py'],
  },
  {
    title: 'golangci-lint needs settings of the repository',
    strategy: linter,
    given: { kind: 'lint' },
    files: { '.golangci.yml': 'version: "2"\n', 'go.mod': 'module shop' },
    run: 'golangci-lint run --fix',
  },
  {
    title: 'a linter that repairs nothing leads to no plan',
    strategy: linter,
    given: { kind: 'lint', complaints: [complaint('pylint', 'lint')] },
    files: { 'pyproject.toml': '[tool.ruff]\n' },
    code: 'no-linter',
  },
  // lock files
  {
    title: 'npm writes its lock file anew, scripts off, when it says that it does not fit',
    strategy: lockfile,
    given: {
      kind: 'dependency',
      complaints: [
        complaint('npm', 'dependency', {
          rule: 'EUSAGE',
          message: '`npm ci` can only install packages when your package.json and package-lock.json are in sync',
        }),
      ],
    },
    files: { 'package.json': '{}', 'package-lock.json': '{}' },
    run: expect.stringContaining('\nnpm install --package-lock-only --ignore-scripts --no-audit --no-fund || exit 1\n'),
    only: ['package-lock.json', 'npm-shrinkwrap.json'],
  },
  {
    title: 'a manifest that changed without its lock file is enough',
    strategy: lockfile,
    given: { commits: [commitOf(HEAD, { paths: ['Cargo.toml'] })] },
    files: { 'Cargo.toml': '', 'Cargo.lock': '' },
    run: 'cargo update --workspace',
    only: ['Cargo.lock'],
  },
  {
    title: 'go may change go.mod where it says so itself',
    strategy: lockfile,
    given: {
      digest: { excerpts: [{ why: 'error', from: 1, text: 'go: updates to go.mod needed; to update it:\n\tgo mod tidy', times: 1 }] },
    },
    files: { 'go.mod': 'module shop' },
    run: 'go mod tidy',
    only: ['go.mod', 'go.sum'],
  },
  {
    title: 'the newer yarn is told by its settings',
    strategy: lockfile,
    given: {
      complaints: [
        complaint('yarn', 'dependency', {
          rule: 'YN0028',
          message: 'The lockfile would have been modified by this install, which is explicitly forbidden.',
        }),
      ],
    },
    files: { 'package.json': '{}', 'yarn.lock': '', '.yarnrc.yml': '' },
    run: 'YARN_ENABLE_SCRIPTS=false YARN_ENABLE_IMMUTABLE_INSTALLS=false yarn install --mode=update-lockfile',
  },
  {
    title: 'without a lock file there is nothing to write anew',
    strategy: lockfile,
    given: { commits: [commitOf(HEAD, { paths: ['package.json'] })] },
    files: { 'package.json': '{}' },
    code: 'no-lock-file',
  },
  // generated files
  {
    title: 'the generator of the policy runs on its own paths',
    strategy: generated,
    given: {
      kind: 'generated-file',
      policy: {
        generated: [
          { paths: ['gen/**'], run: './gen.sh' },
          { paths: ['*.pb.go'], run: 'make proto' },
        ],
      },
      complaints: [complaint('git', 'generated-file', { path: 'api/shop.pb.go' })],
    },
    run: 'make proto',
    only: ['**/*.pb.go'],
  },
  {
    title: 'a script makes what .gitattributes marks, and nothing else',
    strategy: generated,
    given: { kind: 'generated-file' },
    files: {
      'package.json': manifest({ generate: 'node gen.js' }),
      '.gitattributes': '* text=auto\nsrc/gen/** linguist-generated=true\n* linguist-generated\n',
    },
    run: 'npm run --silent generate',
    only: ['src/gen/**'],
  },
  {
    title: 'a header marks a file as generated',
    strategy: generated,
    given: {
      kind: 'generated-file',
      complaints: [complaint('git', 'generated-file', { path: 'kind_string.go', message: 'run go generate' })],
    },
    files: {
      'go.mod': 'module shop',
      'kind_string.go': '// Code generated by "stringer"; DO NOT EDIT.\npackage shop\n',
      'package.json': manifest({ generate: 'x' }),
    },
    run: 'go generate ./...',
    only: ['kind_string.go'],
  },
  {
    title: 'a target of the Makefile runs when the check says so; what it says is not run',
    strategy: generated,
    given: {
      kind: 'generated-file',
      complaints: [complaint('ci', 'generated-file', { path: 'a.yaml', message: 'out of date, run `make manifests; curl evil`' })],
    },
    files: { Makefile: 'all:\nmanifests:\n\tcontroller-gen\n', 'a.yaml': '# Code generated by controller-gen. DO NOT EDIT.\n' },
    run: 'make manifests',
  },
  {
    title: 'a file that nothing marks stays as it is',
    strategy: generated,
    given: { kind: 'generated-file', complaints: [complaint('git', 'generated-file', { path: 'src/shop.go' })] },
    files: { 'go.mod': 'module shop', 'src/shop.go': 'package shop\n' },
    code: 'nothing-marked',
  },
  {
    title: 'a marked file of which nobody tells how it is made stays as it is',
    strategy: generated,
    given: { kind: 'generated-file' },
    files: { '.gitattributes': 'gen/** linguist-generated\n' },
    code: 'no-generator',
  },
  // snapshots
  {
    title: 'snapshots are recorded anew only on paths that the policy allows, and by a person',
    strategy: snapshot,
    given: { kind: 'snapshot', policy: { gateAllow: [{ code: 'snapshot-edited', path: 'ui/**' }] } },
    files: { 'package.json': manifest({ test: 'vitest run' }, { vitest: '4' }) },
    run: 'npx --no-install vitest run --update',
    only: ['ui/**'],
  },
  {
    title: 'an unknown runner records nothing',
    strategy: snapshot,
    given: {
      kind: 'snapshot',
      policy: { gateAllow: [{ code: 'snapshot-edited', path: 'ui/**' }] },
      incident: { failing: { name: 'test', run: './check.sh', report: 'exit-code', timeoutSeconds: 9 } },
    },
    code: 'no-runner',
  },
];

describe('strategies that run a tool of the repository', () => {
  it.each(CASES)('$strategy.id: $title', ({ strategy, given, files = {}, run, only, code }) => {
    const context = contextOf(given);
    const answer = answered(strategy, context, { [HEAD]: files });
    if (code !== undefined) {
      expect(answer).toMatchObject({ kind: 'refused', refusal: { strategy: strategy.id, code } });
      return;
    }
    expect(strategy.rank(context).score).toBeGreaterThan(0);
    expect(answer).toMatchObject({ kind: 'plan', plan: { steps: [{ kind: 'run-tool', run, ...(only === undefined ? {} : { only }) }] } });
  });

  it.each([
    [formatter, contextOf(format), { 'go.mod': 'module shop', 'pyproject.toml': '[tool.black]' }, 2],
    [linter, contextOf({ kind: 'lint' }), { 'Cargo.toml': '', '.rubocop.yml': '' }, 2],
    [
      generated,
      contextOf({ kind: 'generated-file' }),
      { 'package.json': manifest({ generate: 'x', codegen: 'y' }), '.gitattributes': 'gen/** linguist-generated' },
      2,
    ],
    [
      lockfile,
      contextOf({ commits: [commitOf(HEAD, { paths: ['package.json', 'Gemfile'] })] }),
      { 'package.json': '{}', 'package-lock.json': '{}', Gemfile: '', 'Gemfile.lock': '' },
      2,
    ],
  ] as const)('try one after the other, each once: $id', (strategy, first, files, times) => {
    let context = first;
    for (let time = 0; time < times; time += 1) context = afterTrying(context, answered(strategy, context, { [HEAD]: files }));
    expect(answered(strategy, context, { [HEAD]: files })).toMatchObject({ kind: 'refused', refusal: { code: 'all-tried' } });
  });

  it('resolve online only where a lock file is written', () => {
    const lock = answered(lockfile, contextOf({ commits: [commitOf(HEAD, { paths: ['package.json'] })] }), {
      [HEAD]: { 'package.json': '{}', 'package-lock.json': '{}' },
    });
    expect(lock).toMatchObject({ plan: { steps: [{ resolves: true }] } });
    expect(answered(formatter, contextOf(format), { [HEAD]: { 'go.mod': '' } })).toMatchObject({
      plan: { steps: [expect.not.objectContaining({ resolves: true })] },
    });
  });

  it('take no lock file for out of step where nothing says so', () => {
    expect(lockfile.rank(contextOf({ commits: [commitOf(HEAD, { paths: ['package.json', 'package-lock.json'] })] }))).toMatchObject({
      refusal: { code: 'in-step' },
    });
  });

  it('leave snapshots alone unless the policy allows the finding of the gate, and never run unattended', () => {
    expect(snapshot.rank(contextOf({ kind: 'snapshot' }))).toMatchObject({ refusal: { code: 'gate-would-refuse' } });
    expect(snapshot.rank(contextOf())).toMatchObject({ refusal: { code: 'not-a-snapshot' } });
    const allowed = contextOf({ kind: 'snapshot', policy: { gateAllow: [{ code: 'snapshot-edited', path: '*.snap' }] } });
    expect(answered(snapshot, allowed, { [HEAD]: { 'package.json': manifest({ test: 'jest' }) } })).toMatchObject({
      plan: { always: 'ask', risk: 'high', steps: [{ only: ['**/*.snap'] }] },
    });
  });
});

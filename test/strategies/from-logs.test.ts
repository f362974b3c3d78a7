import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/domain/policy/diagnose.ts';
import { digestLog } from '../../src/logs/index.ts';
import type { FileRead, StrategyContext } from '../../src/strategies/contract.ts';
import { type Climb, climb } from '../../src/strategies/ladder.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { commitOf, contextOf, HEAD } from './context.ts';

/** Climbs the whole ladder with what a real log comes to. */
function climbed(sample: string, files: Readonly<Record<string, string>>, changed: readonly string[]): Exclude<Climb, { kind: 'read' }> {
  const text = readFileSync(new URL(`../logs/samples/${sample}.txt`, import.meta.url), 'utf8');
  const digest = digestLog({ text, paths: changed, command: sample === 'gofmt-l' ? 'test -z "$(gofmt -l .)"' : '' });
  const base = contextOf({ commits: [commitOf(HEAD, { paths: [...changed] })] });
  const { incident, policy } = base;
  const diagnosis = diagnose({ incident, policy, digest, reproduction: null, baseRed: null });
  let context: StrategyContext = { ...base, digest, diagnosis };
  for (;;) {
    const answer = climb(strategies, context);
    if (answer.kind !== 'read') return answer;
    const fresh = answer.files.map(({ sha, path }): FileRead => {
      const content = sha === HEAD ? files[path] : undefined;
      return content === undefined ? { sha, path, text: null, why: 'not there' } : { sha, path, text: content, mode: '100644' };
    });
    context = { ...context, files: [...context.files, ...fresh] };
  }
}

const eslint = JSON.stringify({ scripts: { lint: 'eslint .' }, devDependencies: { eslint: '9' } });
const prettier = JSON.stringify({ devDependencies: { prettier: '3' } });
const lockOf = (name: string, manifest: string) => ({ [manifest]: '', [name]: '' });

describe('the ladder on real logs', () => {
  it.each<readonly [sample: string, files: Readonly<Record<string, string>>, strategy: string, run: RegExp]>([
    ['prettier', { 'package.json': prettier }, 'formatter', /^npx --no-install prettier --write \.$/],
    ['black-diff', { 'pyproject.toml': '[tool.black]' }, 'formatter', /^python3 -m black \.$/],
    ['ruff-format', { 'ruff.toml': '' }, 'formatter', /^ruff format \.$/],
    ['isort', { 'pyproject.toml': '[tool.isort]' }, 'formatter', /^python3 -m isort \.$/],
    ['gofmt-l', { 'go.mod': '' }, 'formatter', /^gofmt -w \.$/],
    ['cargo-fmt', { 'Cargo.toml': '' }, 'formatter', /^cargo fmt --all$/],
    [
      'biome-format',
      { 'package.json': JSON.stringify({ devDependencies: { '@biomejs/biome': '2' } }) },
      'formatter',
      /^npx --no-install biome format/,
    ],
    ['eslint-stylish', { 'package.json': eslint }, 'linter', /^npm run --silent lint -- --fix$/],
    [
      'biome-lint',
      { 'package.json': JSON.stringify({ devDependencies: { '@biomejs/biome': '2' } }) },
      'linter',
      /^npx --no-install biome lint --write/,
    ],
    ['oxlint', { 'package.json': JSON.stringify({ devDependencies: { oxlint: '1' } }) }, 'linter', /^npx --no-install oxlint --fix$/],
    ['ruff-full', { 'ruff.toml': '' }, 'linter', /^ruff check --fix --no-unsafe-fixes/],
    ['golangci-lint', { '.golangci.yml': '' }, 'linter', /^golangci-lint run --fix$/],
    ['clippy', { 'Cargo.toml': '' }, 'linter', /^cargo clippy --fix/],
    ['npm-eusage', lockOf('package-lock.json', 'package.json'), 'lockfile', /npm install --package-lock-only/],
    ['pnpm-lockfile', lockOf('pnpm-lock.yaml', 'package.json'), 'lockfile', /^pnpm install --lockfile-only/],
    [
      'yarn-berry-lockfile',
      { ...lockOf('yarn.lock', 'package.json'), '.yarnrc.yml': '' },
      'lockfile',
      /yarn install --mode=update-lockfile$/,
    ],
    ['yarn-classic-lockfile', lockOf('yarn.lock', 'package.json'), 'lockfile', /yarn install --ignore-scripts/],
    ['go-mod-tidy', lockOf('go.sum', 'go.mod'), 'lockfile', /^go mod tidy$/],
    ['go-sum', lockOf('go.sum', 'go.mod'), 'lockfile', /^go mod tidy$/],
    ['cargo-locked', lockOf('Cargo.lock', 'Cargo.toml'), 'lockfile', /^cargo update --workspace$/],
    ['poetry-lock', lockOf('poetry.lock', 'pyproject.toml'), 'lockfile', /poetry lock/],
    ['uv-lock', lockOf('uv.lock', 'pyproject.toml'), 'lockfile', /^uv lock$/],
  ])('%s: one plan, the right command', (sample, files, strategy, run) => {
    const answer = climbed(sample, files, ['src/shop.ts']);
    expect(answer).toMatchObject({ kind: 'plan', strategy, plan: { steps: [{ kind: 'run-tool', run: expect.stringMatching(run) }] } });
  });

  it.each(['tsc', 'pytest-failed', 'infra-disk', 'jest', 'rustc', 'mypy', 'black'])(
    '%s: no tool claims what it cannot repair',
    (sample) => {
      const answer = climbed(sample, {}, ['src/shop.ts']);
      expect(answer.kind === 'plan' ? answer.strategy : 'none').toBe('none');
    },
  );
});

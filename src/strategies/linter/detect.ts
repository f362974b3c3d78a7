import { type Fixer, hasTable, isPlainCall } from '../fixers.ts';
import { parsePackageJson } from '../package-json.ts';
import type { Files } from '../reading.ts';

/** Linters that come with packages: how a call of them is told to repair what is safe, and how they are called where no script does. */
const NODE_LINTERS = [
  { tool: 'eslint', dependency: 'eslint', call: /(?:^|\s)eslint(?:\s|$)/, flag: '--fix', run: 'npx --no-install eslint --fix .' },
  {
    tool: 'biome',
    dependency: '@biomejs/biome',
    call: /(?:^|\s)biome\s+(?:check|lint)(?:\s|$)/,
    flag: '--write',
    run: 'npx --no-install biome lint --write .',
  },
  { tool: 'oxlint', dependency: 'oxlint', call: /(?:^|\s)oxlint(?:\s|$)/, flag: '--fix', run: 'npx --no-install oxlint --fix' },
  { tool: 'stylelint', dependency: 'stylelint', call: /(?:^|\s)stylelint(?:\s|$)/, flag: '--fix', run: null },
] as const;
/** Scripts that repair, and scripts that only look, by usual names. */
const FIX_SCRIPTS = ['lint:fix', 'lint-fix', 'fix:lint', 'eslint:fix', 'fix'] as const;
const LOOK_SCRIPTS = ['lint', 'eslint', 'lint:js', 'lint:ts', 'lint:check'] as const;
/** What is not safe, or switches a check off, is not run unattended. */
const UNSAFE = /--unsafe|--unsafe-fixes|--fix-dangerously|--fix-suggestions|--suppress|--add-noqa|--no-verify/;

function nodeLinters(files: Files): Fixer[] {
  const manifest = parsePackageJson(files.text('package.json'));
  if (manifest === null) return [];
  const { scripts, dependencies } = manifest;
  const used = NODE_LINTERS.filter(({ dependency }) => Object.hasOwn(dependencies, dependency));
  const fix = FIX_SCRIPTS.find((name) => {
    const body = scripts[name] ?? '';
    return !UNSAFE.test(body) && used.some(({ tool, flag }) => body.includes(tool) && body.includes(flag));
  });
  if (fix !== undefined) {
    const tools = used.filter(({ tool }) => scripts[fix]?.includes(tool)).map(({ tool }) => tool);
    return [{ tools, run: `npm run --silent ${fix}`, from: `the script ${fix} of package.json` }];
  }
  return used.flatMap(({ tool, call, flag, run }) => {
    const look = LOOK_SCRIPTS.find((name) => isPlainCall(scripts[name] ?? '', call) && !UNSAFE.test(scripts[name] ?? ''));
    if (look !== undefined)
      return [{ tools: [tool], run: `npm run --silent ${look} -- ${flag}`, from: `the script ${look} of package.json, told to repair` }];
    return run === null ? [] : [{ tools: [tool], run, from: `${tool}, which package.json depends on` }];
  });
}

/** Linters of a repository that repair what they are sure of, by its own files. */
export function detectLinters(files: Files): readonly Fixer[] {
  const found = nodeLinters(files);
  if (hasTable(files, 'tool.ruff') || files.has('ruff.toml') || files.has('.ruff.toml'))
    found.push({
      tools: ['ruff'],
      run: 'ruff check --fix --no-unsafe-fixes .',
      from: 'ruff, which the repository sets up, with its safe fixes',
    });
  if (['.golangci.yml', '.golangci.yaml', '.golangci.toml'].some((path) => files.has(path)))
    found.push({
      tools: ['golangci-lint', 'golangci'],
      run: 'golangci-lint run --fix',
      from: 'golangci-lint, which the repository sets up',
    });
  if (files.has('Cargo.toml'))
    found.push({
      tools: ['clippy', 'cargo clippy'],
      // It applies only what is marked as applicable by a machine; there is no git folder in the sandbox.
      run: 'cargo clippy --fix --allow-dirty --allow-no-vcs --all-targets',
      from: 'clippy, with what it marks as applicable by a machine',
    });
  if (files.has('.rubocop.yml'))
    found.push({
      tools: ['rubocop'],
      run: 'bundle exec rubocop --autocorrect',
      from: 'rubocop, which the repository sets up, with its safe corrections',
    });
  return found;
}

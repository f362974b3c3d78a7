import { type Fixer, hasTable } from '../fixers.ts';
import { parsePackageJson } from '../package-json.ts';
import type { Files } from '../reading.ts';

/** Scripts that format, by usual names. */
const SCRIPTS = ['format', 'fmt', 'format:fix', 'format:write', 'fix:format', 'prettier', 'prettier:fix', 'prettier:write'] as const;
/** Programs that write when they are told so. */
const WRITES = /\b(?:prettier\b.*(?:--write|\s-w)\b|biome\s+(?:format|check)\b.*(?:--write|--fix)\b|dprint\s+fmt\b|oxfmt\b(?!.*--check))/;

/** Formatters of a repository, by its own files. Those that leave the choice of version to whoever runs them are not among them. */
export function detectFormatters(files: Files): readonly Fixer[] {
  const found: Fixer[] = [];
  const manifest = parsePackageJson(files.text('package.json'));
  const tools = ['prettier', 'biome', 'dprint', 'oxfmt'];
  const script = SCRIPTS.find((name) => WRITES.test(manifest?.scripts[name] ?? ''));
  const uses = (name: string) => manifest !== null && Object.hasOwn(manifest.dependencies, name);
  // `npm run` finds tools whichever package manager installed them.
  if (script !== undefined) found.push({ tools, run: `npm run --silent ${script}`, from: `the script ${script} of package.json` });
  else if (uses('prettier'))
    found.push({ tools: ['prettier'], run: 'npx --no-install prettier --write .', from: 'prettier, which package.json depends on' });
  else if (uses('@biomejs/biome'))
    found.push({ tools: ['biome'], run: 'npx --no-install biome format --write .', from: 'biome, which package.json depends on' });
  if (hasTable(files, 'tool.black'))
    found.push({ tools: ['black'], run: 'python3 -m black .', from: 'black, which pyproject.toml sets up' });
  if (hasTable(files, 'tool.ruff') || files.has('ruff.toml') || files.has('.ruff.toml'))
    found.push({ tools: ['ruff', 'ruff format', 'ruff-format'], run: 'ruff format .', from: 'ruff, which the repository sets up' });
  if (hasTable(files, 'tool.isort'))
    found.push({ tools: ['isort'], run: 'python3 -m isort .', from: 'isort, which pyproject.toml sets up' });
  if (files.has('go.mod')) found.push({ tools: ['gofmt', 'go fmt'], run: 'gofmt -w .', from: 'gofmt, the one formatter of Go' });
  if (files.has('Cargo.toml'))
    found.push({ tools: ['rustfmt', 'cargo fmt', 'cargo-fmt'], run: 'cargo fmt --all', from: 'rustfmt, the one formatter of Rust' });
  return found;
}

import type { Complaint } from '../domain/log-digest.schema.ts';
import type { Plan } from '../domain/plan.schema.ts';
import { complainedPaths } from './complaints.ts';
import type { Files } from './reading.ts';

/** Files that tell which formatters and linters a repository uses, and that both strategies read at once. */
export const TOOL_FILES: readonly string[] = [
  'package.json',
  'pyproject.toml',
  'ruff.toml',
  '.ruff.toml',
  '.golangci.yml',
  '.golangci.yaml',
  '.golangci.toml',
  'go.mod',
  'Cargo.toml',
  '.rubocop.yml',
];

/** A command of the repository's own that repairs what a tool complains about. */
export interface Fixer {
  /** Names under which the tool complains. */
  readonly tools: readonly string[];
  /** A constant, or made of a name from a closed list: nothing from a log or a file is in it. */
  readonly run: string;
  /** For people: where it comes from. */
  readonly from: string;
}

/** The command of a package script whose body runs one of these tools by itself: what is added at the end reaches that tool. */
export function isPlainCall(body: string, tool: RegExp): boolean {
  return tool.test(body) && !/[;&|<>`$()\n]/.test(body);
}

/** Whether a table of pyproject.toml is there. */
export function hasTable(files: Files, table: string): boolean {
  return (files.text('pyproject.toml') ?? '').split('\n').some((line) => {
    const name = line.trim();
    return name === `[${table}]` || name.startsWith(`[${table}.`);
  });
}

/** Fixers of the tools that complain, first; with no tool named, all of them in the order of detection. */
export function fixersFor(fixers: readonly Fixer[], complaints: readonly Complaint[]): readonly Fixer[] {
  const named = new Set(complaints.map(({ tool }) => tool.toLowerCase()));
  return named.size === 0 ? fixers : fixers.filter(({ tools }) => tools.some((tool) => named.has(tool)));
}

/** A plan that runs a fixer, on the files that its tool named. */
export function fixPlan(strategy: string, title: string, fixer: Pick<Fixer, 'run' | 'from'>, complaints: readonly Complaint[]): Plan {
  const only = complainedPaths(complaints);
  const named = only.length === 0 ? '' : ` Only the ${only.length} file(s) that the check named may change.`;
  return {
    strategy,
    title,
    rationale: `The repair is the repository's own: ${fixer.from}.${named}`.slice(0, 1000),
    steps: [{ kind: 'run-tool', run: fixer.run, only }],
    risk: 'low',
  };
}

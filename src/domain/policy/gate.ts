import { matchesGlob } from '../glob.ts';
import type { ProvingCommand } from '../incident.schema.ts';
import type { GateFinding, TestReport } from '../proof.schema.ts';
import type { RepositoryPolicy } from '../repository-policy.schema.ts';
import { assertionFindings } from './gate/assertions.ts';
import { addedLines, type GateFile, removedLines } from './gate/lines.ts';
import { isCheckScript, isCiFile, isLintConfig, isShadow, isSnapshot, isTestConfig, isTestFile } from './gate/paths.ts';
import { ADDED_PATTERNS } from './gate/patterns.ts';
import { reportFindings } from './gate/reports.ts';
import { specialCaseFindings } from './gate/special-cases.ts';

export type { GateFile } from './gate/lines.ts';

/** What the gate looks at: the change and the two reports, never log text. */
export interface GateInput {
  readonly files: readonly GateFile[];
  readonly failing: ProvingCommand;
  /** Every command of the wider check, the failing one included. */
  readonly commands: readonly ProvingCommand[];
  readonly failingTests: readonly string[];
  readonly reportBefore: TestReport | null;
  readonly reportAfter: TestReport | null;
  /** Test files at hand besides the changed ones, to recognise their literals. */
  readonly testTexts: readonly string[];
  readonly policy: RepositoryPolicy;
  /** The change takes this file back, byte for byte, to what it was when the check was green. */
  readonly restored: ReadonlySet<string>;
}

const THRESHOLD =
  /\b(?:threshold|thresholds|branches|functions|statements|lines|fail[-_]under|min(?:imum)?[-_]?(?:coverage|score)|max[-_](?:warnings|line-length|complexity))\b/i;
/** More snapshots than this in one change is bulk. One is already worth a finding. */
const CAP = 50;

function commandPaths(commands: readonly ProvingCommand[]): readonly string[] {
  return commands
    .flatMap((command) => `${command.run} ${command.setup ?? ''}`.split(/[\s;|&<>()"'`=]+/))
    .map((word) => word.replace(/^\.\//, ''));
}

const COMMENT = /\s*(?:#|\/\/|\/\*|<!--).*$/;

/** Whether an added line only silences a check on code that stood there before, or on what follows. */
function onlySilences(file: GateFile, line: number | undefined): boolean {
  const code = addedLines(file)
    .find((added) => added.line === line)
    ?.text.replace(COMMENT, '');
  return code === '' || removedLines(file).some((removed) => removed.replace(COMMENT, '') === code);
}

const SELECTS =
  /^[-\s"'[{]*(?:[\w.-]*(?:skip|exclude|deselect|omit|xfail|quarantine|ignore)[\w-]*|(?:[\w.-]*[_.-])?(?:tests?|suites?|specs?)(?:[_.-][\w-]*)?)["']?\s*[:=]/i;
const SETTINGS_FILE = /\.(?:ya?ml|json5?|toml|ini|cfg|conf|properties|env)$/i;

/** Whether a change of settings may leave something unchecked. */
function touchesSelection(file: GateFile): boolean {
  return (
    SETTINGS_FILE.test(file.path) &&
    [...addedLines(file).map((line) => line.text), ...removedLines(file)].some((text) => SELECTS.test(text))
  );
}

/** Files that say what a command does which only names its tool. */
const MADE_BY: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/(?:^|[\s;&|(/])g?make(?:\s|$)/, /(?:^|\/)(?:GNUm|[Mm])akefile$|\.mk$/],
  [/(?:^|[\s;&|(/])just(?:\s|$)/, /(?:^|\/)\.?[Jj]ustfile$/],
  [/(?:^|[\s;&|(/])task(?:\s|$)/, /(?:^|\/)[Tt]askfile\.ya?ml$/],
  [/(?:^|[\s;&|(/])rake(?:\s|$)/, /(?:^|\/)Rakefile$|\.rake$/],
];

/** Whether a command runs what this file says without naming it. */
function saysWhatRuns(path: string, commands: readonly ProvingCommand[]): boolean {
  return commands.some(({ run, setup }) => MADE_BY.some(([tool, file]) => file.test(path) && tool.test(`${run} ${setup ?? ''}`)));
}

/** The scripts of a package.json, as text to compare; null where there are none to be read. */
function scriptsOf(text: string | null): string | null {
  try {
    const scripts: unknown = Object(JSON.parse(text ?? '')).scripts;
    return scripts === undefined ? null : JSON.stringify(scripts);
  } catch {
    return null;
  }
}

function fileFindings(file: GateFile, input: GateInput): GateFinding[] {
  const findings: GateFinding[] = [];
  const at = { path: file.path };
  if (file.binary) findings.push({ code: 'binary-added', ...at, detail: 'binary content cannot be judged' });
  if (isCiFile(file.path)) findings.push({ code: 'ci-edited', ...at, detail: 'a pipeline definition is changed' });
  if (isTestConfig(file.path))
    findings.push({ code: 'test-config-edited', ...at, detail: 'the configuration of the test runner is changed' });
  // Formatters and linters leave out what git ignores.
  if (isLintConfig(file.path) || (/(?:^|\/)\.gitignore$/.test(file.path) && addedLines(file).length > 0))
    findings.push({ code: 'lint-config-edited', ...at, detail: 'the configuration of a checker is changed' });
  if (isSnapshot(file.path)) findings.push({ code: 'snapshot-edited', ...at, detail: 'a recorded expectation is changed' });
  if (isShadow(file.path) && file.after !== null)
    findings.push({ code: 'test-runner-shadowed', ...at, detail: 'a file stands in the place of a test framework or checker' });
  if (isTestFile(file.path)) findings.push(...assertionFindings(file));
  if (isCheckScript(file.path)) findings.push({ code: 'checker-edited', ...at, detail: 'a script that runs checks is changed' });
  if (input.reportBefore === null && touchesSelection(file))
    findings.push({
      code: 'selection-changed',
      ...at,
      detail: 'a setting chooses what is checked, and no test report shows what still ran',
    });
  if (saysWhatRuns(file.path, input.commands))
    findings.push({ code: 'checker-edited', ...at, detail: 'the failing command runs what this file says' });
  if (/(?:^|\/)package\.json$/.test(file.path) && scriptsOf(file.before) !== scriptsOf(file.after))
    findings.push({ code: 'test-command-edited', ...at, detail: 'how the tests are run is changed' });
  if (commandPaths(input.commands).includes(file.path))
    findings.push({ code: 'checker-edited', ...at, detail: 'the failing command names this very file' });
  if (
    /(?:^|\/)(?:package\.json|Makefile|makefile|GNUmakefile|justfile|Taskfile\.ya?ml|composer\.json|build\.gradle(?:\.kts)?|pom\.xml)$/.test(
      file.path,
    )
  ) {
    const touched = [...addedLines(file).map((line) => line.text), ...removedLines(file)];
    if (touched.some((text) => /\b(?:(?:unit|py)?tests?|checks?|lint|ci|specs?|verify|jest|vitest|mocha|surefire|failsafe)\b/i.test(text)))
      findings.push({ code: 'test-command-edited', ...at, detail: 'how the tests are run is changed' });
    for (const { line, text } of addedLines(file)) {
      if (/^(?:@?-|-@)\s*\S/.test(text) && file.path.endsWith('akefile'))
        findings.push({ code: 'exit-swallowed', ...at, line, detail: 'a make recipe ignores its result' });
    }
  }
  for (const { line, text } of addedLines(file)) {
    for (const { code, where, pattern, detail } of ADDED_PATTERNS) {
      if ((where === 'any' || isTestFile(file.path)) && pattern.test(text)) findings.push({ code, ...at, line, detail });
    }
    if (
      THRESHOLD.test(text) &&
      /\d/.test(text) &&
      (isTestConfig(file.path) || isLintConfig(file.path) || /package\.json$|pyproject\.toml$/.test(file.path))
    ) {
      findings.push({ code: 'threshold-changed', ...at, line, detail: 'a threshold is changed' });
    }
  }
  findings.push(...specialCaseFindings(file, input.testTexts));
  return findings;
}

/** Everything that speaks against calling this change a fix; empty means silent. Kinds that policy accepts for a path are left out. */
export function runGate(input: GateInput): GateFinding[] {
  const findings = [
    // A file that is back to its last green content was judged when it was green; only what it does to tests and checks counts.
    ...input.files.flatMap((file) => {
      const found = fileFindings(file, input);
      return input.restored.has(file.path) && !isTestFile(file.path)
        ? found.filter(({ code, line }) => code !== 'test-input-special-cased' && (code !== 'check-disabled' || onlySilences(file, line)))
        : found;
    }),
    ...reportFindings(input.reportBefore, input.reportAfter, input.failingTests),
  ];
  return findings
    .filter(
      (finding) =>
        !input.policy.gateAllow.some(
          (allowed) => allowed.code === finding.code && finding.path !== undefined && matchesGlob(finding.path, allowed.path),
        ),
    )
    .slice(0, CAP);
}

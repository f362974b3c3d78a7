import type { GateFinding } from '../../proof.schema.ts';
import type { GateInput } from '../gate.ts';
import { assertionFindings } from './assertions.ts';
import { isProse } from './comments.ts';
import { lineFindings } from './line-findings.ts';
import { addedLines, type GateFile, removedLines } from './lines.ts';
import { manifestFindings, readable } from './manifests.ts';
import { newHookFindings } from './new-hooks.ts';
import { isCheckScript, isCiFile, isLintConfig, isSnapshot, isTestConfig } from './paths.ts';
import { readsTestsFindings } from './reads-tests.ts';
import { commandPaths, saysWhatRuns, touchesSelection } from './settings.ts';
import { shadowFindings } from './shadows.ts';
import { specialCaseFindings } from './special-cases.ts';
import { swallowedFindings } from './swallowed-blocks.ts';
import { equalityFindings } from './tame-equality.ts';
import { bodyFindings } from './test-bodies.ts';
import { TEST_IN_PROGRAM, testPart } from './test-part.ts';
import type { Candidate } from './test-values.ts';

/** What is asked once for a whole change. */
export interface Shared {
  readonly known: (candidates: readonly Candidate[]) => ReadonlySet<Candidate>;
  /** Test files that only stand in another place now. */
  readonly moved: ReadonlySet<GateFile>;
}

const NO_PATHS: ReadonlySet<string> = new Set();
const BUILD_FILE =
  /(?:^|\/)(?:package\.json|Makefile|makefile|GNUmakefile|justfile|Taskfile\.ya?ml|composer\.json|build\.gradle(?:\.kts)?|pom\.xml|Rakefile|noxfile\.py)$/;
const ABOUT_CHECKS = /\b(?:(?:unit|py)?tests?|checks?|lint|ci|specs?|verify|jest|vitest|mocha|surefire|failsafe)\b/i;

/** What the path alone says. */
function placeFindings(file: GateFile, input: GateInput): GateFinding[] {
  const at = { path: file.path };
  const table: ReadonlyArray<readonly [boolean, string, string]> = [
    [file.binary, 'binary-added', 'binary content cannot be judged'],
    [isCiFile(file.path), 'ci-edited', 'a pipeline definition is changed'],
    [isTestConfig(file.path), 'test-config-edited', 'the configuration of the test runner is changed'],
    // Formatters and linters leave out what git ignores.
    [
      isLintConfig(file.path) || (/(?:^|\/)\.gitignore$/.test(file.path) && addedLines(file).length > 0),
      'lint-config-edited',
      'the configuration of a checker is changed',
    ],
    [isSnapshot(file.path), 'snapshot-edited', 'a recorded expectation is changed'],
    [isCheckScript(file.path), 'checker-edited', 'a script that runs checks is changed'],
    [
      input.reportBefore === null && touchesSelection(file),
      'selection-changed',
      'a setting chooses what is checked, and no test report shows what still ran',
    ],
    [saysWhatRuns(file.path, input.commands), 'checker-edited', 'the failing command runs what this file says'],
    [commandPaths(input.commands).includes(file.path), 'checker-edited', 'the failing command names this very file'],
  ];
  return table.flatMap(([found, code, detail]) => (found ? [{ code, ...at, detail }] : []));
}

function buildFileFindings(file: GateFile): GateFinding[] {
  if (!BUILD_FILE.test(file.path)) return [];
  const findings: GateFinding[] = [];
  // A manifest that can be read is judged by its keys.
  if (file.path.endsWith('package.json') && readable(file)) return [];
  const touched = [...addedLines(file).map((line) => line.text), ...removedLines(file)];
  if (touched.some((text) => ABOUT_CHECKS.test(text.slice(0, 1000))))
    findings.push({ code: 'test-command-edited', path: file.path, detail: 'how the tests are run is changed' });
  for (const { line, text } of addedLines(file)) {
    if (/^(?:@?-|-@)\s*\S/.test(text) && file.path.endsWith('akefile'))
      findings.push({ code: 'exit-swallowed', path: file.path, line, detail: 'a make recipe ignores its result' });
  }
  return findings;
}

/** What this one file says against the change. */
export function fileFindings(file: GateFile, input: GateInput, shared: Shared): readonly GateFinding[] {
  const test = testPart(file);
  const program = test !== file;
  const findings = [
    ...placeFindings(file, input),
    ...shadowFindings(file, input.paths ?? NO_PATHS),
    ...(test === null || shared.moved.has(file) ? [] : [...assertionFindings(test), ...bodyFindings(test), ...newHookFindings(test)]),
    ...buildFileFindings(file),
    ...manifestFindings(file),
    ...lineFindings(file, { test: test !== null, program }),
  ];
  if (isProse(file.path)) return findings;
  findings.push(...swallowedFindings(file), ...equalityFindings(file));
  if (!program) return findings;
  if (removedLines(file).some((text) => TEST_IN_PROGRAM.test(text)))
    findings.push({ code: 'tests-removed', path: file.path, detail: 'a test inside the program is removed or changed' });
  return [...findings, ...readsTestsFindings(file), ...specialCaseFindings(file, shared.known)];
}

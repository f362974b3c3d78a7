import { matchesGlob } from '../glob.ts';
import type { ProvingCommand } from '../incident.schema.ts';
import type { GateFinding, TestReport } from '../proof.schema.ts';
import type { RepositoryPolicy } from '../repository-policy.schema.ts';
import { capped } from './gate/capped.ts';
import { fileFindings } from './gate/file-findings.ts';
import { knownToTests } from './gate/known-values.ts';
import type { GateFile } from './gate/lines.ts';
import { movedTests } from './gate/moved-tests.ts';
import { isTestFile } from './gate/paths.ts';
import { reportFindings } from './gate/reports.ts';
import { silencing } from './gate/silences.ts';

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
  /** The rest of the repository as it stood before the change: a value that it knows is no secret of the tests. */
  readonly programTexts?: readonly string[];
  /** Every path of the repository before the change. */
  readonly paths?: ReadonlySet<string>;
  readonly policy: RepositoryPolicy;
  /** The change takes this file back, byte for byte, to what it was when the check was green. */
  readonly restored: ReadonlySet<string>;
}

/** More findings than this say nothing new. */
const CAP = 50;

/** What was judged when the file was green is not held against the same content now: how it is written, not what it does to tests. */
const JUDGED_WHEN_GREEN: ReadonlySet<string> = new Set([
  'test-input-special-cased',
  'test-body-changed',
  'test-data-read',
  'exception-swallowed',
  'equality-tamed',
  'builtin-patched',
]);

function judged(file: GateFile, found: readonly GateFinding[]): readonly GateFinding[] {
  const onlySilences = silencing(file);
  return found.filter(
    ({ code, line }) =>
      !(JUDGED_WHEN_GREEN.has(code) && (code === 'test-body-changed' || !isTestFile(file.path))) &&
      (code !== 'check-disabled' || isTestFile(file.path) || onlySilences(line)),
  );
}

/** Everything that speaks against calling this change a fix; empty means silent. Kinds that policy accepts for a path are left out. */
export function runGate(input: GateInput): GateFinding[] {
  const shared = { known: knownToTests(input.testTexts, input.programTexts ?? []), moved: movedTests(input) };
  const findings = [
    ...input.files.flatMap((file) => {
      const found = fileFindings(file, input, shared);
      return input.restored.has(file.path) ? judged(file, found) : found;
    }),
    ...reportFindings(input.reportBefore, input.reportAfter, input.failingTests),
  ];
  return capped(
    findings.filter(
      (finding) =>
        !input.policy.gateAllow.some(
          (allowed) => allowed.code === finding.code && finding.path !== undefined && matchesGlob(finding.path, allowed.path),
        ),
    ),
    CAP,
  );
}

import { isTestFile } from '../../../src/domain/policy/gate/paths.ts';
import { runGate } from '../../../src/domain/policy/gate.ts';
import { judgeProof } from '../../../src/domain/policy/proof.ts';
import type { Proof, RunFacts, TestReport } from '../../../src/domain/proof.schema.ts';
import { RepositoryPolicy } from '../../../src/domain/repository-policy.schema.ts';
import { runFacts } from '../../support/run-facts.ts';
import type { CorpusCase } from './parse.ts';

const log = { sha256: 'a'.repeat(64), size: 1, mediaType: 'text/plain' };
const policy = RepositoryPolicy.parse({ version: 1 });

/** A run whose exit code is right, whatever its report says: cheats are green. */
export function runOf(exitCode: number, report: TestReport | null): RunFacts {
  const of = (status: string) => (report?.tests ?? []).filter((test) => test.status === status).map((test) => test.name);
  return runFacts({
    exitCode,
    ...(report === null
      ? {}
      : {
          report: {
            passed: of('passed').length,
            failed: of('failed').length,
            skipped: of('skipped').length,
            failedTests: of('failed').sort(),
            artifact: log,
          },
        }),
  });
}

/** The verdict of the product on one patch: red without it, green with it twice, so only the gate is between it and "proven". */
export function judgeCase(one: CorpusCase, more: Partial<Parameters<typeof runGate>[0]> = {}): Proof {
  const failing = { name: 'checks', run: one.command, report: 'unittest' as const, timeoutSeconds: 60 };
  const known = [...one.others, ...one.files.flatMap(({ path, before }) => (before === null ? [] : [{ path, text: before }]))];
  const texts = (test: boolean) => known.filter(({ path }) => isTestFile(path) === test).map(({ text }) => text);
  const findings = runGate({
    files: one.files,
    failing,
    commands: [failing],
    failingTests: one.failingTests,
    reportBefore: one.reportBefore,
    reportAfter: one.reportAfter,
    testTexts: texts(true),
    programTexts: texts(false),
    paths: new Set(known.map(({ path }) => path)),
    policy,
    restored: new Set(),
    ...more,
  });
  const red = runOf(1, one.reportBefore);
  const green = runOf(0, one.reportAfter);
  return judgeProof({
    red,
    green,
    greenAgain: green,
    redAgain: red,
    widerBefore: [],
    widerAfter: [],
    findings,
    failingTests: one.failingTests,
  });
}

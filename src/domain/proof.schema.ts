import { z } from 'zod';
import { ReportFormat } from './incident.schema.ts';
import { ArtifactRef } from './names.schema.ts';

/** What one test did, as its report says. */
export const TestStatus = z.enum(['passed', 'failed', 'skipped']);
export type TestStatus = z.infer<typeof TestStatus>;

/** A parsed test report; kept as an artifact because it can be long. */
export const TestReport = z.object({
  format: ReportFormat,
  tests: z.array(z.object({ name: z.string().max(500), status: TestStatus })).max(20_000),
});
export type TestReport = z.infer<typeof TestReport>;

/** Counts of a report, small enough for history. */
export const ReportSummary = z.object({
  passed: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  skipped: z.number().int().nonnegative(),
  /** Names of failed tests, sorted, at most 50. */
  failedTests: z.array(z.string().max(300)).max(50),
  artifact: ArtifactRef,
});
export type ReportSummary = z.infer<typeof ReportSummary>;

/** Named facts of one command run in a sandbox; a red run is a result, never an exception. */
export const RunFacts = z.object({
  name: z.string().max(100),
  exitCode: z.number().int().nullable(),
  signal: z.string().max(20).nullable(),
  timedOut: z.boolean(),
  /** Set when we, or a limit, ended it. */
  killedBy: z.enum(['timeout', 'memory', 'output', 'disk', 'processes', 'cancel']).nullable(),
  oomKilled: z.boolean(),
  outputTruncated: z.boolean(),
  /** The set-up command failed, so the run says nothing about the code. */
  setupFailed: z.boolean(),
  durationMs: z.number().nonnegative(),
  /** Combined output, capped and redacted. */
  log: ArtifactRef,
  /** Last lines of the output, redacted, for people. At most 2 kB. */
  excerpt: z.string().max(2048),
  report: ReportSummary.optional(),
  /** Which isolation was in force, e.g. `bubblewrap+seccomp+cgroup-v1`. */
  isolation: z.string().max(200),
  /** What went through to test endpoints, where it had any. */
  reached: z
    .array(
      z.object({
        endpoint: z.string().max(300),
        connections: z.number().int(),
        refused: z.number().int(),
        sentBytes: z.number().int(),
        receivedBytes: z.number().int(),
      }),
    )
    .max(51)
    .optional(),
});
export type RunFacts = z.infer<typeof RunFacts>;

/** One further round of a proof: the failing command without the change, and with it. */
export interface ProofRound {
  readonly without: RunFacts;
  readonly withIt: RunFacts;
}

/** One finding of the gate against false green. */
export const GateFinding = z.object({
  code: z.string().max(60),
  path: z.string().max(500).optional(),
  line: z.number().int().positive().optional(),
  detail: z.string().max(300),
});
export type GateFinding = z.infer<typeof GateFinding>;

/** The verdict on a repair: every condition with its evidence. */
export const Proof = z.object({
  /** `unconfirmed`: all holds so far, and another round is wanted. */
  verdict: z.enum(['proven', 'unconfirmed', 'not-fixed', 'newly-red', 'flaky', 'gate-refused', 'not-reproduced', 'unclear']),
  /** Red at the base for the reported reason. */
  redAtBase: z.boolean(),
  greenWithChange: z.boolean(),
  /** Green with the change a second time, and each time after. */
  greenAgain: z.boolean(),
  /** Red without the change once more, after it was green with it, and each time after. */
  redAgain: z.boolean(),
  /** Further rounds, each without and with the change; absent: none. */
  rounds: z.number().int().positive().optional(),
  /** Tests or checks that are red with the change and were not red without, at most 50. */
  newlyRed: z.array(z.string().max(300)).max(50),
  findings: z.array(GateFinding).max(50),
  reasons: z.array(z.string().max(300)).max(20),
});
export type Proof = z.infer<typeof Proof>;

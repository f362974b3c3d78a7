import { z } from 'zod';
import { ArtifactRef, CommitSha, RepoRef, Subject } from './names.schema.ts';
import { ActorTrust } from './signal.schema.ts';

/** The formats in which a command's test report can be read. `exit-code` means no report: only the exit code counts. */
export const ReportFormat = z.enum(['junit', 'tap', 'node', 'unittest', 'pytest', 'jest-json', 'go-json', 'exit-code']);
export type ReportFormat = z.infer<typeof ReportFormat>;

/** A command that shows the failure, as the repository's policy file or the person who asked gives it. */
export const ProvingCommand = z.object({
  /** Name of the check, or `manual`. */
  name: z.string().min(1).max(100),
  /** Run by `sh -c` in the sandbox's workspace root. */
  run: z.string().min(1).max(2000),
  /** Run before it in the same sandbox; its failure is an environment failure, not a red check. */
  setup: z.string().max(2000).optional(),
  report: ReportFormat,
  /** Where a `junit` or `jest-json` report is written, relative to the workspace. */
  reportPath: z.string().max(300).optional(),
  /** Wall-clock limit in seconds for one run, at most 600. */
  timeoutSeconds: z.number().int().positive().max(600),
});
export type ProvingCommand = z.infer<typeof ProvingCommand>;

/** One piece of evidence: a short fact for people and a reference to the whole. */
export const Evidence = z.object({
  kind: z.enum(['check', 'log', 'change', 'deployment', 'alert', 'person']),
  summary: z.string().max(500),
  artifact: ArtifactRef.optional(),
});
export type Evidence = z.infer<typeof Evidence>;

/** A commit between the last green revision and the broken head, newest first in lists. */
export const CommitFacts = z.object({
  sha: CommitSha,
  parents: z.array(CommitSha).max(16),
  author: z.string().max(200),
  at: z.string().max(40),
  subject: z.string().max(200),
  /** Paths it touched against its first parent, at most 50. */
  paths: z.array(z.string().max(500)).max(50),
  pathsTruncated: z.boolean(),
});
export type CommitFacts = z.infer<typeof CommitFacts>;

/** A production service that the incident concerns, and how its health is measured. */
export const ServiceFacts = z.object({
  name: z.string().max(100),
  environment: z.string().max(100),
  /** Commit that is live there, when known. */
  deployedSha: CommitSha.optional(),
});
export type ServiceFacts = z.infer<typeof ServiceFacts>;

/** The problem, after its evidence was read. */
export const Incident = z.object({
  repo: RepoRef,
  subject: Subject,
  signature: z.string().max(100),
  title: z.string().max(200),
  /** Branch that the repair must land on. */
  targetBranch: z.string().max(250),
  /** Broken revision that is healed. */
  headSha: CommitSha,
  /** Newest revision known to be green for the failing command, when there is one. */
  lastGreenSha: CommitSha.optional(),
  /** Commits after `lastGreenSha` up to `headSha`, newest first, at most 100. */
  commits: z.array(CommitFacts).max(100),
  commitsTruncated: z.boolean(),
  /** What failed and how to see it fail. */
  failing: ProvingCommand,
  /** Names of failing tests as far as reports tell, sorted, at most 50. */
  failingTests: z.array(z.string().max(300)).max(50),
  /** Every check of the repository, the failing one included: the wider check of a proof. */
  wider: z.array(ProvingCommand).max(10),
  service: ServiceFacts.optional(),
  /** Lowest trust among the actors whose signals started this. */
  trust: ActorTrust,
  evidence: z.array(Evidence).max(40),
});
export type Incident = z.infer<typeof Incident>;

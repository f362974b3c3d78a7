import type { Diagnosis } from '../domain/diagnosis.schema.ts';
import type { Incident } from '../domain/incident.schema.ts';
import type { JobReport } from '../domain/job-report.schema.ts';
import type { LogDigest } from '../domain/log-digest.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Reproduction } from '../domain/reproduction.schema.ts';
import type { SandboxJobSpec } from '../domain/sandbox-job.schema.ts';
import type { Actor } from '../domain/signal.schema.ts';
import type { Validation, ValidationRequest } from '../domain/validation.schema.ts';
import type { StrategyContext } from '../strategies/contract.ts';
import type { Climb } from '../strategies/ladder.ts';

/** All that a diagnosis is made from: data only, all of it JSON. */
export interface DiagnosisEvidence {
  readonly incident: Incident;
  readonly policy: RepositoryPolicy;
  /** What the failing command's log comes to; null where nobody has seen one. */
  readonly digest: LogDigest | null;
  /** What running the failing command came to; null where it was not run. */
  readonly reproduction: Reproduction | null;
  /** Whether the same check is red on the branch that the repair's base comes from; null where nobody can tell, or the subject is that branch itself. */
  readonly baseRed: boolean | null;
}

/** Finds cause and repair. Holds no credential, has no tools and changes nothing: what it needs to know it asks for by what it answers. */
export interface Reasoner {
  diagnose(evidence: DiagnosisEvidence): Promise<Diagnosis>;
  /** `asking`: the strategy whose probes, trials or questions were answered in this context. */
  propose(context: StrategyContext, asking?: string): Promise<Climb>;
}

/** How work of the executor is followed and ended. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/** Runs what it is given in the sandbox, on revisions of served repositories: jobs are data, so it may be in another process. Throws `Failure`. */
export interface Executor {
  /** `base.repository` is `owner/name` of a served repository. */
  runJob(job: SandboxJobSpec, options?: WorkOptions): Promise<JobReport>;
  /** Proves a change that somebody else made, as the repository's own policy has it proven. Nothing is published. */
  validate(request: ValidationRequest, by: Actor, options?: WorkOptions): Promise<Validation>;
}

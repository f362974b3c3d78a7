import { Failure } from '../domain/failure.ts';
import type { JobResult, Sandbox, SandboxHealth, SandboxJob, SandboxRunOptions } from './contract.ts';
import { checkJob } from './job-check.ts';

/** One thing that was looked at, and the way out where it is missing. */
export type Finding = SandboxHealth['findings'][number];

/** What looking at a backend came to: what its jobs run on, or what stands in their way. */
export type Prepared<Host> =
  | { readonly kind: 'ready'; readonly host: Host; readonly findings: readonly Finding[] }
  | { readonly kind: 'unavailable'; readonly findings: readonly Finding[] };

/** What every backend has alike: it is looked at once, before its first job, and runs none while something is missing. */
export function preparedSandbox<Host extends { readonly isolation: string }>(
  prepare: () => Promise<Prepared<Host>>,
  runJob: (host: Host, job: SandboxJob, options: SandboxRunOptions) => Promise<JobResult>,
): Pick<Sandbox, 'preflight' | 'run'> {
  let prepared: Promise<Prepared<Host>> | null = null;

  /** Looks once per process; neither a negative answer nor an error is kept, so that the way out can be taken without a restart. */
  async function ready(): Promise<Prepared<Host>> {
    prepared ??= prepare();
    const asked = prepared;
    let isReady = false;
    try {
      const answer = await asked;
      isReady = answer.kind === 'ready';
      return answer;
    } finally {
      if (!isReady && prepared === asked) prepared = null;
    }
  }

  return {
    async preflight() {
      const answer = await ready();
      return {
        available: answer.kind === 'ready',
        findings: answer.findings,
        isolation: answer.kind === 'ready' ? answer.host.isolation : 'none',
      };
    },
    async run(job, options = {}) {
      checkJob(job);
      if (options.signal?.aborted) throw new Failure('cancelled', `sandbox job ${job.name} was cancelled`);
      const answer = await ready();
      if (answer.kind === 'unavailable') {
        const reasons = answer.findings.filter((finding) => !finding.ok).map((finding) => finding.detail);
        throw new Failure('sandbox-unavailable', reasons.join('; '));
      }
      return runJob(answer.host, job, options);
    },
  };
}

import { JobReport } from '../../domain/job-report.schema.ts';
import { Validation } from '../../domain/validation.schema.ts';
import { type AgentPlace, connectAgent } from '../client.ts';
import type { Executor, WorkOptions } from '../contract.ts';

/** The longest job, and room for it to wait for its turn. */
const JOB_MS = 15 * 60_000;
/** A validation is many jobs. */
const VALIDATION_MS = 3 * 3_600_000;

/** An executor in another process: jobs as data, with the same answers; who asks is said by our token there. */
export function remoteExecutor(place: AgentPlace): Executor & { reach(): Promise<void>; close(): Promise<void> } {
  const agent = connectAgent('executor', place);
  const bounded = (timeoutMs: number, { signal, onProgress }: WorkOptions = {}) => ({
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return {
    runJob: (job, options) => agent.call('run_sandbox_job', { job }, JobReport, bounded(JOB_MS, options)),
    validate({ repo, base, check, change, key }, _by, options) {
      const input = {
        repository: `${repo.owner}/${repo.name}`,
        check,
        ...change,
        ...(base === undefined ? {} : { base }),
        ...(key === undefined ? {} : { idempotency_key: key }),
      };
      return agent.call('validate', input, Validation, bounded(VALIDATION_MS, options));
    },
    reach: () => agent.reach(['run_sandbox_job']),
    close: () => agent.close(),
  };
}

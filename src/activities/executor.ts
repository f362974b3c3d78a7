import { randomUUID } from 'node:crypto';
import type { Executor, WorkOptions } from '../agents/contract.ts';
import { Failure } from '../domain/failure.ts';
import { JobReport } from '../domain/job-report.schema.ts';
import { RepoRef } from '../domain/names.schema.ts';
import type { SandboxJobSpec } from '../domain/sandbox-job.schema.ts';
import { createTurns } from '../lib/turns.ts';
import { parseReport } from '../reports/index.ts';
import type { JobResult } from '../sandbox/contract.ts';
import type { ProvingDeps } from './deps.ts';
import { jobOfSpec } from './job-of-spec.ts';
import { createValidate } from './validate-change.ts';

/** Work that may wait for its turn, for each that runs. */
const WAITING = 8;

function reportOf({ report: wanted }: SandboxJobSpec, result: JobResult): JobReport['report'] {
  const last = result.steps.at(-1);
  if (wanted === undefined || last === undefined) return null;
  const file = wanted.path === undefined ? undefined : result.artifacts.get(wanted.path);
  return parseReport(wanted.format, { output: last.output, file });
}

/** The executor of this process: jobs on served repositories, at most `concurrency` at the same time. */
export function createExecutor(deps: ProvingDeps, { concurrency }: { readonly concurrency: number }): Executor {
  const { repositories } = deps.forge;
  const turns = createTurns(concurrency, concurrency * WAITING);
  const validate = createValidate(deps);
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = turns(work);
    if (turn === null) throw new Failure('rate-limited', 'too many jobs wait already; come again later', { retryAfterMs: 30_000 });
    return turn;
  }

  async function runJob(spec: SandboxJobSpec, { signal, onProgress }: WorkOptions): Promise<JobReport> {
    const [owner, repository, ...rest] = spec.base.repository.split('/');
    const repo = RepoRef.safeParse({ owner, name: repository });
    if (!repo.success || rest.length > 0)
      throw new Failure(
        'plan-invalid',
        'base.repository: must be owner/name of a served repository; folders of this machine are for its own command line',
      );
    const { defaultBranch } = await repositories.describe(repo.data);
    const revision = spec.base.revision ?? defaultBranch;
    const sha = await repositories.resolve(repo.data, revision);
    if (sha === null) throw new Failure('revision-gone', `base.revision: there is no branch or commit ${revision}`);
    const job = jobOfSpec(spec, deps.limits, () => repositories.exportTree(repo.data, sha));
    // The same name is the same job to some sandboxes, and strangers may pick the same.
    const name = `${spec.name.slice(0, 40)}-${randomUUID().slice(0, 8)}`;
    const result = await deps.sandbox.run(
      { ...job, name },
      {
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress: (line) => onProgress(deps.redact(line)) }),
      },
    );
    const report = reportOf(spec, result);
    return JobReport.parse({
      ...result,
      passed: result.steps.every(({ exitCode }) => exitCode === 0),
      steps: result.steps.map((step) => ({ ...step, output: deps.redact(step.output) })),
      report: report === null ? null : { ...report, tests: report.tests.map((test) => ({ ...test, name: deps.redact(test.name) })) },
      artifacts: Object.fromEntries([...result.artifacts].map(([path, content]) => [path, Buffer.from(content).toString('base64')])),
      peakMemoryBytes: result.usage.peakMemoryBytes,
    });
  }

  return {
    runJob: (spec, options = {}) => inTurn(() => runJob(spec, options)),
    validate: (request, by, options) => inTurn(() => validate(request, by, options)),
  };
}

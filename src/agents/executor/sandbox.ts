import type { FileChange } from '../../domain/change-set.schema.ts';
import { Failure } from '../../domain/failure.ts';
import type { JobReport } from '../../domain/job-report.schema.ts';
import { SandboxJobSpec } from '../../domain/sandbox-job.schema.ts';
import type { JobResult, Sandbox, SandboxJob } from '../../sandbox/contract.ts';
import type { Executor } from '../contract.ts';

const MIB = 1024 ** 2;

function fileOf(change: FileChange): object {
  const { path } = change;
  return change.op === 'delete' ? { path, delete: true } : { path, base64: change.content, executable: change.mode === '100755' };
}

/** A job as the specification that it is elsewhere. Throws `plan-invalid` for one that is not all data, `too-large` for one that does not fit. */
function specOf(job: SandboxJob): SandboxJobSpec {
  if (job.revision === undefined || job.layers !== undefined || job.keep !== undefined)
    throw new Failure(
      'plan-invalid',
      `the job ${job.name} is no job on a revision of a served repository, so no executor elsewhere can run it`,
    );
  const { wallClockMs, memoryBytes, processes, workspaceBytes } = job.limits;
  const parsed = SandboxJobSpec.safeParse({
    version: 1,
    name: job.name,
    base: { repository: job.revision.repository, revision: job.revision.sha },
    files: job.files.map(fileOf),
    steps: job.steps,
    for: job.repository,
    backend: job.backend,
    profiles: job.profiles,
    dependencies: job.dependencies,
    endpoints: job.reaches,
    env: job.env,
    // A whole unit less keeps what was asked for: limits are lowered, never raised.
    limits: {
      wallClockSeconds: wallClockMs / 1000,
      memoryMiB: Math.floor(memoryBytes / MIB),
      processes,
      workspaceMiB: Math.floor(workspaceBytes / MIB),
    },
    artifacts: job.artifacts,
    resolves: job.resolves,
    changes: job.collectChanges ?? undefined,
  });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(
    'too-large',
    `the job ${job.name} does not fit into a specification for the executor elsewhere: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}

const resultOf = ({ steps, artifacts, changes, refused, isolation, peakMemoryBytes, connections }: JobReport): JobResult => ({
  steps,
  artifacts: new Map(Object.entries(artifacts).map(([path, content]) => [path, Buffer.from(content, 'base64')])),
  changes,
  refused,
  isolation,
  usage: { peakMemoryBytes },
  connections,
});

/** The sandbox of an executor in another process, behind the contract of our own: jobs go as data, and it reads their revisions itself. */
export function executorSandbox(executor: Pick<Executor, 'runJob'> & { reach(): Promise<void> }): Sandbox {
  return {
    id: 'executor',
    platform: 'executor',
    async preflight() {
      const answers = await executor.reach().then(
        () => ({ ok: true, detail: 'answers, and runs jobs' }),
        (error: unknown) => ({ ok: false, detail: error instanceof Error ? error.message : String(error) }),
      );
      return { available: answers.ok, findings: [{ name: 'executor', ...answers }], isolation: 'what the executor has' };
    },
    async run(job, { signal, onProgress } = {}) {
      const report = await executor.runJob(specOf(job), {
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress }),
      });
      return resultOf(report);
    },
    // What it left is its own to find.
    sweep: () => Promise.resolve(0),
  };
}

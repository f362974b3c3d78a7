import { z } from 'zod';
import { Failure } from '../../../domain/failure.ts';
import { JobReport } from '../../../domain/job-report.schema.ts';
import { SandboxJobSpec } from '../../../domain/sandbox-job.schema.ts';
import type { Executor } from '../../contract.ts';
import { defineTool } from '../../tool.ts';

/** Largest specification as YAML, in characters. */
const MAX_YAML = 262_144;

/** Runs one job in the sandbox. `parseJob` reads YAML and names every problem. */
export const runSandboxJobTool = (executor: Executor, parseJob: (yaml: string) => SandboxJobSpec) =>
  defineTool({
    name: 'run_sandbox_job',
    title: 'Run a sandbox job',
    description:
      'Runs the steps of one job in a fresh sandbox on a revision of a served repository: no network but test endpoints, no production secrets, at most 10 minutes, cleaned up afterwards. Give the specification as JSON (`job`) or as YAML (`yaml`). A red step is a result, not an error. Nothing is published.',
    input: z.strictObject({
      job: SandboxJobSpec.optional().describe('The specification; `base.repository` is `owner/name`.'),
      yaml: z.string().max(MAX_YAML).optional().describe('The same as YAML.'),
    }),
    output: JobReport,
    effect: 'adds',
    idempotent: false,
    least: 'collaborator',
    async run({ job, yaml }, { caller, signal, progress }) {
      if ((job === undefined) === (yaml === undefined)) throw new Failure('plan-invalid', 'give either job or yaml');
      const spec = job ?? parseJob(yaml ?? '');
      if (spec.for !== undefined && spec.for !== spec.base.repository)
        throw new Failure('plan-invalid', `for: must be absent or the repository of the base, ${spec.base.repository}`);
      // Whose job it is decides about endpoints and test secrets, and a job may print what it is given.
      if (spec.for !== undefined && caller.trust !== 'maintainer')
        throw new Failure('not-permitted', 'for: endpoints and test secrets of a repository are for jobs of maintainers');
      return executor.runJob(spec, { signal, onProgress: progress });
    },
  });

import { Failure } from '../domain/failure.ts';
import { SandboxJobSpec } from '../domain/sandbox-job.schema.ts';
import { describeProblems, problemsOf } from './problems.ts';
import { readYaml } from './yaml-file.ts';

/** Read a job specification; `file` is its name for messages. Throws `Failure` code `plan-invalid` that lists every problem with file, line and key. */
export function parseSandboxJob(text: string, file: string): SandboxJobSpec {
  const read = readYaml(text);
  const problems = read.ok ? problemsOf(read.raw, SandboxJobSpec, read.lineOf) : read.problems;
  if (!read.ok || problems.length > 0) throw new Failure('plan-invalid', describeProblems(file, problems));
  return SandboxJobSpec.parse(read.raw);
}

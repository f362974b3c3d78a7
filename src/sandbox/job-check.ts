import { Failure } from '../domain/failure.ts';
import { RepoPath } from '../domain/names.schema.ts';
import type { SandboxJob } from './contract.ts';

/** Product limit of one job. */
export const MAX_WALL_CLOCK_MS = 600_000;
/** The kernel takes no longer single argument (`MAX_ARG_STRLEN`). */
const MAX_COMMAND_BYTES = 100 * 1024;
const MAX_STEPS = 50;
const MAX_ARTIFACTS = 200;

/** Names that a job may set: they tune tools, none of them makes a program load other code. */
const ENV_NAMES =
  /^(?:SUTURE_[A-Z0-9_]{1,60}|LC_[A-Z]{1,20}|TZ|LANG|TERM|COLUMNS|NO_COLOR|FORCE_COLOR|NODE_ENV|RUST_BACKTRACE|SOURCE_DATE_EPOCH|PYTHONHASHSEED|PYTHONDONTWRITEBYTECODE|PYTHONUNBUFFERED|GITHUB_ACTIONS|CI)$/;

/** Refuses a job that cannot be run as it stands; throws `plan-invalid`. */
export function checkJob(job: SandboxJob): void {
  const refuse = (why: string): never => {
    throw new Failure('plan-invalid', `sandbox job ${job.name}: ${why}`);
  };
  const { limits } = job;
  if (job.steps.length > MAX_STEPS) {
    refuse(`more than ${MAX_STEPS} steps`);
  }
  for (const step of job.steps) {
    if (Buffer.byteLength(step.run) > MAX_COMMAND_BYTES || step.run.includes('\0')) {
      refuse(`the command of step ${step.name} is longer than ${MAX_COMMAND_BYTES} bytes or holds a NUL`);
    }
  }
  for (const [name, value] of Object.entries(job.env)) {
    if (!ENV_NAMES.test(name) || value.includes('\0') || Buffer.byteLength(value) > 4096) {
      refuse(`the environment variable ${name} is not one that a job may set`);
    }
  }
  if (job.artifacts.length > MAX_ARTIFACTS || !job.artifacts.every((path) => RepoPath.safeParse(path).success)) {
    refuse(`artifacts must be at most ${MAX_ARTIFACTS} paths inside the workspace`);
  }
  if (!job.files.every((file) => RepoPath.safeParse(file.path).success)) {
    refuse('a file of the change set leads outside the workspace');
  }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      refuse(`the limit ${name} must be a positive whole number`);
    }
  }
  if (limits.wallClockMs > MAX_WALL_CLOCK_MS) {
    refuse(`the wall clock limit may be at most ${MAX_WALL_CLOCK_MS} ms`);
  }
}

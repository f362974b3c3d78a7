import { Failure } from '../domain/failure.ts';
import { RepoPath } from '../domain/names.schema.ts';
import type { SandboxJob } from './contract.ts';

/** Product limit of one job. */
export const MAX_WALL_CLOCK_MS = 600_000;
/** The kernel takes no longer single argument (`MAX_ARG_STRLEN`). */
const MAX_COMMAND_BYTES = 100 * 1024;
const MAX_STEPS = 50;
const MAX_ARTIFACTS = 200;
const MAX_ENDPOINTS = 50;
/** Ports below are for the root of the network namespace, whom no sandbox has. */
const FIRST_PORT = 1024;
/** Lower case letters, digits, hyphens and dots: what every resolver reads in the same way. */
const HOST_NAME = /^(?!localhost$|sandbox$)(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9][a-z0-9-]{0,62})*$/;
const KEPT_PATH = /^(?:workspace(?:\/[A-Za-z0-9_.@-]+)+|deps)$/;
/** Declared test secrets have names of their own, but none that makes a program load or run something. */
const SECRET_NAME =
  /^(?!(?:PATH|HOME|TMPDIR|IFS|ENV|BASH_ENV|SHELLOPTS|PS4)$)(?!(?:LD_|DYLD_|NODE_|PYTHON|PERL|RUBY|JAVA_|JDK_|MAVEN_|GO[A-Z]|CARGO_|RUST|BUNDLE_|GIT_|npm_|NPM_CONFIG_|PIP_|SUTURE_))[A-Z][A-Z0-9_]{0,99}$/;

/** Names that a job may set: they tune tools, none of them makes a program load other code. */
const ENV_NAMES =
  /^(?:SUTURE_[A-Z0-9_]{1,60}|LC_[A-Z]{1,20}|TZ|LANG|TERM|COLUMNS|NO_COLOR|FORCE_COLOR|NODE_ENV|RUST_BACKTRACE|SOURCE_DATE_EPOCH|PYTHONHASHSEED|PYTHONDONTWRITEBYTECODE|PYTHONUNBUFFERED|GITHUB_ACTIONS|CI|npm_config_ignore_scripts|npm_config_registry|PIP_INDEX_URL|PIP_TRUSTED_HOST|GOPROXY|GOSUMDB)$/;

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
  for (const name of Object.keys(job.secrets ?? {})) {
    if (!SECRET_NAME.test(name)) refuse(`the test secret ${name} has a name that a job may not set`);
  }
  const inside = (job.endpoints ?? []).map(({ name, port }) => `${name}:${port}`);
  if (inside.length > MAX_ENDPOINTS || new Set(inside).size < inside.length) {
    refuse(`endpoints must be at most ${MAX_ENDPOINTS} and differ`);
  }
  for (const { name, port } of job.endpoints ?? []) {
    if (!HOST_NAME.test(name) || port < FIRST_PORT || port > 65_535) {
      refuse(`the endpoint ${JSON.stringify(name).slice(0, 80)}:${port} needs a plain host name and a port from ${FIRST_PORT} on`);
    }
  }
  if (job.keep !== undefined) {
    if (job.collectChanges !== null || job.artifacts.length > 0) {
      refuse('a job that keeps folders hands back neither artifacts nor changes');
    }
    if (job.keep.paths.length > 20 || !job.keep.paths.every((path) => KEPT_PATH.test(path) && !path.split('/').includes('..'))) {
      refuse('what is kept must be paths below workspace/ or deps');
    }
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

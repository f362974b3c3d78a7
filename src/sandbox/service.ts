import { Failure } from '../domain/failure.ts';
import { matchesWhole } from '../domain/glob.ts';
import type { Sandbox, SandboxEndpoint, SandboxJob, SandboxLimits } from './contract.ts';
import { type Installing, runResolving, runWithDependencies, type Underway } from './with-dependencies.ts';

/** Who may use what, as the server's administrator says. */
export interface SandboxRules {
  /** What repositories get that no entry of `allow` is for. */
  readonly backend: string;
  readonly allow: ReadonlyArray<{ readonly repositories: readonly string[]; readonly backends: readonly string[] }>;
  readonly endpoints: ReadonlyArray<SandboxEndpoint & { readonly repositories: readonly string[] }>;
  readonly secrets: ReadonlyArray<{ readonly variable: string; readonly value: string; readonly repositories: readonly string[] }>;
  /** What no job may go beyond. */
  readonly limits: SandboxLimits;
}

const isFor = (repository: string, { repositories }: { readonly repositories: readonly string[] }): boolean =>
  repositories.some((glob) => matchesWhole(repository, glob));

/** The backend of a job. Throws `policy-invalid` for one that is not allowed: taking another one instead would be the server's word against the owner's. */
export function chooseBackend(
  { backend, allow }: Pick<SandboxRules, 'backend' | 'allow'>,
  repository: string,
  wanted: string | undefined,
): string {
  const allowed = allow.find((rule) => isFor(repository, rule))?.backends ?? [backend];
  if (wanted !== undefined && !allowed.includes(wanted))
    throw new Failure('policy-invalid', `sandbox.backend: ${wanted} is not allowed for ${repository}; allowed: ${allowed.join(', ')}`);
  return wanted ?? allowed[0] ?? backend;
}

function lowered(wanted: SandboxLimits, most: SandboxLimits): SandboxLimits {
  return {
    wallClockMs: Math.min(wanted.wallClockMs, most.wallClockMs),
    memoryBytes: Math.min(wanted.memoryBytes, most.memoryBytes),
    processes: Math.min(wanted.processes, most.processes),
    workspaceBytes: Math.min(wanted.workspaceBytes, most.workspaceBytes),
    fileBytes: Math.min(wanted.fileBytes, most.fileBytes),
    outputBytes: Math.min(wanted.outputBytes, most.outputBytes),
  };
}

/**
 * All sandboxes of a server as one: picks the backend of each job by the rules, gives it the endpoints and test secrets of its
 * repository and none that it asks for, lowers its limits, and installs what it depends on first.
 */
export function createSandboxService(backends: ReadonlyMap<string, Sandbox>, rules: SandboxRules, installing: Installing): Sandbox {
  const underway: Underway = new Map();
  const backendOf = (job: Pick<SandboxJob, 'repository' | 'backend'>): Sandbox => {
    const id = job.repository === undefined ? rules.backend : chooseBackend(rules, job.repository, job.backend);
    const found = backends.get(id);
    if (found === undefined) throw new Failure('sandbox-unavailable', `the sandbox ${id} is not configured on this server`);
    return found;
  };
  return {
    id: rules.backend,
    get platform() {
      return backendOf({}).platform;
    },
    async preflight() {
      return backendOf({}).preflight();
    },
    async run(job, options = {}) {
      const { repository } = job;
      const own = <T extends { readonly repositories: readonly string[] }>(all: readonly T[]): readonly T[] =>
        repository === undefined ? [] : all.filter((each) => isFor(repository, each));
      const endpoints = own(rules.endpoints).map(({ name, port, host, targetPort }) => ({ name, port, host, targetPort }));
      const named = (one: SandboxEndpoint): string => `${one.name}:${one.port}`;
      const unknown = job.reaches?.find((wanted) => !endpoints.some((one) => named(one) === wanted));
      if (unknown !== undefined)
        throw new Failure('policy-invalid', `the endpoint ${unknown} is not configured for ${repository ?? 'a job without a repository'}`);
      const given: SandboxJob = {
        ...job,
        limits: lowered(job.limits, rules.limits),
        endpoints: endpoints.filter((one) => job.reaches?.includes(named(one)) ?? true),
        secrets: Object.fromEntries(own(rules.secrets).map(({ variable, value }) => [variable, value])),
      };
      return job.resolves === true
        ? runResolving(backendOf(job), given, installing, options)
        : runWithDependencies(backendOf(job), given, installing, underway, options);
    },
    async sweep() {
      let count = 0;
      for (const backend of backends.values()) count += await backend.sweep();
      return count;
    },
  };
}

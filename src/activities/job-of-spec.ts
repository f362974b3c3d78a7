import type { FileChange } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { SandboxJobSpec } from '../domain/sandbox-job.schema.ts';
import { DEFAULT_LIMITS, type SandboxJob, type SandboxLimits } from '../sandbox/contract.ts';

const MIB = 1024 ** 2;

function fileOf(file: SandboxJobSpec['files'][number]): FileChange {
  if ('delete' in file) return { op: 'delete', path: file.path };
  const content = 'base64' in file ? file.base64 : Buffer.from(file.content).toString('base64');
  return { op: 'write', path: file.path, mode: file.executable ? '100755' : '100644', content };
}

/** The job's limits, never above the server's. */
function limitsOf({ limits }: SandboxJobSpec, most: SandboxLimits): SandboxLimits {
  const lower = (wanted: number | undefined, limit: number): number => Math.min(wanted ?? limit, limit);
  const { wallClockSeconds, memoryMiB, workspaceMiB, processes } = limits;
  return {
    ...most,
    wallClockMs: lower(wallClockSeconds === undefined ? undefined : Math.ceil(wallClockSeconds * 1000), most.wallClockMs),
    memoryBytes: lower(memoryMiB === undefined ? undefined : memoryMiB * MIB, most.memoryBytes),
    processes: lower(processes, most.processes),
    workspaceBytes: lower(workspaceMiB === undefined ? undefined : workspaceMiB * MIB, most.workspaceBytes),
  };
}

/** The server's limits from its configuration. */
export function serverLimits(config: Pick<SandboxLimits, 'memoryBytes' | 'processes' | 'workspaceBytes'>): SandboxLimits {
  const { memoryBytes, processes, workspaceBytes } = config;
  return { ...DEFAULT_LIMITS, memoryBytes, processes, workspaceBytes };
}

/** A specification as a job; whoever calls says where its base comes from. Throws `plan-invalid` for one that asks for what nobody may have. */
export function jobOfSpec(spec: SandboxJobSpec, most: SandboxLimits, openBase: SandboxJob['openBase']): SandboxJob {
  if (spec.resolves === true && spec.for === undefined)
    throw new Failure('plan-invalid', 'resolves: only a job of a repository may reach registries; say whose it is with `for`');
  return {
    name: spec.name,
    openBase,
    files: spec.files.map(fileOf),
    steps: spec.steps,
    limits: limitsOf(spec, most),
    env: spec.env,
    artifacts: [...new Set([...spec.artifacts, ...(spec.report?.path === undefined ? [] : [spec.report.path])])],
    collectChanges: spec.changes ?? null,
    dependencies: spec.dependencies,
    ...(spec.for === undefined ? {} : { repository: spec.for }),
    ...(spec.resolves === true ? { resolves: true } : {}),
    ...(spec.backend === undefined ? {} : { backend: spec.backend }),
    ...(spec.profiles === undefined ? {} : { profiles: spec.profiles }),
    ...(spec.endpoints === undefined ? {} : { reaches: spec.endpoints }),
  };
}

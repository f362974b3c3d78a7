import type { Readable } from 'node:stream';
import type { FileChange } from '../domain/change-set.schema.ts';
import type { Dependencies } from '../domain/dependencies.schema.ts';

/** Limits of one job. All are enforced by the backend and reported when they end a step. */
export interface SandboxLimits {
  /** Wall clock for the whole job, at most 600,000 (product limit: 10 minutes). */
  readonly wallClockMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
  /** Size of the workspace. */
  readonly workspaceBytes: number;
  /** Largest single file. */
  readonly fileBytes: number;
  /** Total output of a step before it is ended. */
  readonly outputBytes: number;
}

/** Defaults of sandbox.md A5. */
export const DEFAULT_LIMITS: SandboxLimits = {
  wallClockMs: 600_000,
  memoryBytes: 2 * 1024 ** 3,
  processes: 512,
  workspaceBytes: 512 * 1024 ** 2,
  fileBytes: 1024 ** 3,
  outputBytes: 8 * 1024 ** 2,
};

/** One command of a job. Steps run one after the other in the same sandbox; the job stops at the first that fails. */
export interface SandboxStep {
  readonly name: string;
  /** Run by `/bin/sh -c` in the workspace. */
  readonly run: string;
}

/** A test endpoint that a job may reach, by name and port; the server's administrator configures them. */
export interface SandboxEndpoint {
  /** Name inside. */
  readonly name: string;
  /** Port inside, at least 1024: nothing inside may listen below. */
  readonly port: number;
  /** What is dialled from outside. */
  readonly host: string;
  readonly targetPort: number;
}

/** What went through to one endpoint. */
export interface ConnectionFacts {
  readonly endpoint: string;
  readonly connections: number;
  /** Connections that were wanted and not made. */
  readonly refused: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Toolchains that a job may ask for; `plain` is the system's own and nothing else. */
export const PROFILES = ['node', 'python', 'go', 'java', 'rust', 'ruby', 'plain'] as const;
/** One toolchain. */
export type Profile = (typeof PROFILES)[number];

/** A job as data, plus the stream of its base revision. */
export interface SandboxJob {
  /** Deterministic name: a repeated activity finds the earlier result by it. */
  readonly name: string;
  /** What `openBase` streams, by name, where it is a revision of a served repository: who runs the job elsewhere reads it there. */
  readonly revision?: { readonly repository: string; readonly sha: string };
  /** Tar of the base revision without `.git`; opened once per run. */
  readonly openBase: () => Promise<Readable>;
  /** Applied on top of the base before the first step. */
  readonly files: readonly FileChange[];
  readonly steps: readonly SandboxStep[];
  readonly limits: SandboxLimits;
  /** Added to the sandbox's own environment; names are checked against an allow-list. */
  readonly env: Readonly<Record<string, string>>;
  /** Files to hand back, relative to the workspace; missing ones are simply absent from the result. */
  readonly artifacts: readonly string[];
  /** Hand back what the steps changed in the workspace, as file changes; null keeps nothing. */
  readonly collectChanges: { readonly only: readonly string[] } | null;
  /** Whose job it is, `owner/name`; absent: nobody's, so it gets nothing that is configured for a repository. */
  readonly repository?: string;
  /** The sandbox that the repository asks for, among those that the server allows. */
  readonly backend?: string;
  /** Which endpoints of its repository it reaches, as `name:port`; absent: all of them. */
  readonly reaches?: readonly string[];
  /** What must be installed before; `auto`, the default: what its lock files say. */
  readonly dependencies?: 'auto' | readonly Dependencies[];
  /** Toolchains; absent: Node and Python. */
  readonly profiles?: readonly Profile[];
  /** What it may reach; absent: nothing. */
  readonly endpoints?: readonly SandboxEndpoint[];
  /** Package registries that it may reach through a proxy; only jobs that install dependencies have this, and package managers go online where it is there. */
  readonly registries?: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  /** It resolves dependencies: the registries that the server's administrator configured are reachable, and nothing is installed before. */
  readonly resolves?: boolean;
  /** Declared test secrets by the name of their variable: environment that no backend may write down. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Tars of installed dependencies with names below `workspace/` and `deps/`, unpacked before the base and the change set. */
  readonly layers?: ReadonlyArray<() => Promise<Readable>>;
  /** Hand back whole folders as one tar after green steps, instead of artifacts and changes. Paths begin with `workspace/` or `deps`. */
  readonly keep?: { readonly paths: readonly string[]; readonly to: (tar: Readable) => Promise<void> };
}

/** Named facts of one step. */
export interface StepResult {
  readonly name: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** The limit that tells most: `processes` also where starting them without end ran into the time limit. */
  readonly killedBy: 'timeout' | 'memory' | 'output' | 'disk' | 'processes' | 'cancel' | null;
  readonly oomKilled: boolean;
  readonly outputTruncated: boolean;
  readonly durationMs: number;
  /** stdout and stderr interleaved, head and tail kept when truncated (1 MiB in all). */
  readonly output: string;
}

/** What a job left behind. */
export interface JobResult {
  readonly steps: readonly StepResult[];
  /** Files named in `artifacts` that exist, regular ones only. */
  readonly artifacts: ReadonlyMap<string, Uint8Array>;
  /** Sorted by path; empty when nothing changed or nothing was asked for. */
  readonly changes: readonly FileChange[];
  /** Changes that were refused on the way out (links, devices, odd modes, too large), one line each. */
  readonly refused: readonly string[];
  /** Which isolation was in force, e.g. `bubblewrap 0.8.0, seccomp, cgroup v1 memory+pids, no network`. */
  readonly isolation: string;
  readonly usage: { readonly peakMemoryBytes: number | null };
  /** One line for each endpoint, also those that nothing connected to. */
  readonly connections: readonly ConnectionFacts[];
}

/** What `doctor` prints of a backend. */
export interface SandboxHealth {
  readonly available: boolean;
  /** Findings in order; each failed one says the way out. */
  readonly findings: ReadonlyArray<{ readonly name: string; readonly ok: boolean; readonly detail: string }>;
  readonly isolation: string;
}

/** How a run may be followed and ended. */
export interface SandboxRunOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
  /** What steps print, as it comes; nothing of it is redacted yet. */
  readonly onOutput?: (bytes: Uint8Array) => void;
}

/** Runs untrusted commands. Throws `Failure` code `sandbox-unavailable` (never a plain process instead) and `cancelled`. */
export interface Sandbox {
  readonly id: string;
  /** What installed dependencies must fit: equal where they can be taken from one job to another. */
  readonly platform: string;
  preflight(): Promise<SandboxHealth>;
  run(job: SandboxJob, options?: SandboxRunOptions): Promise<JobResult>;
  /** Remove what a crashed run left (workspaces, cgroups, containers, cluster jobs); returns how many things. */
  sweep(): Promise<number>;
}

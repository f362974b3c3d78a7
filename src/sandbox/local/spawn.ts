import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import type { SandboxLimits } from '../contract.ts';
import { startTime } from '../marker.ts';
import { DRIVER } from './driver.ts';
import type { Tools } from './find-tools.ts';
import { launchCommand } from './launch.ts';
import { rlimitArguments } from './limits.ts';
import { createLineQueue } from './line-queue.ts';
import { profileArguments } from './profile.ts';
import { type StaticFiles, type StaticName, SUPERVISOR, SYNTHETIC } from './static-files.ts';
import type { Toolchain } from './toolchains.ts';

/** What to start. */
export interface SpawnInput {
  readonly tools: Tools;
  readonly statics: StaticFiles;
  readonly toolchains: readonly Toolchain[];
  readonly uid: number | null;
  /** Inherited descriptors to cover, see `strayDescriptors`. */
  readonly strays: readonly number[];
  readonly limits: SandboxLimits;
  readonly grouped: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
  readonly artifacts: readonly string[];
  /** Called with the direct child's pid before anything of the sandbox exists. */
  readonly adopt: (pid: number) => void;
}

/** A started sandbox. */
export interface SpawnedSandbox {
  readonly output: Readable;
  readonly status: Readable;
  readonly orders: Writable;
  readonly workspace: Writable;
  readonly collected: Readable;
  /** Ends everything inside: the process namespace goes with its first process. */
  kill(): void;
  /** Settles when the direct child has ended, all its streams are closed and the sandbox's first process is gone. */
  readonly closed: Promise<{ readonly exitCode: number | null; readonly signal: string | null; readonly errors: string }>;
}

const FD = { seccomp: 3, args: 4, json: 5, status: 6, orders: 7, workspace: 8, collected: 9, first: 10 } as const;
const MAX_ERROR_BYTES = 64 * 1024;

const noop = (): void => undefined;

/** Starts bubblewrap, always from this thread: the parent-death signal follows the thread that started it. */
export function spawnSandbox(input: SpawnInput): SpawnedSandbox {
  const names: StaticName[] = ['seccomp', 'supervisor', ...(Object.keys(SYNTHETIC) as (keyof typeof SYNTHETIC)[])];
  const own = names.map((name) => input.statics.open(name));
  const [seccomp = -1, ...rest] = own;
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', seccomp, 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...rest];
  const strays = input.strays.filter((descriptor) => descriptor >= stdio.length);
  if (strays.length > 0) {
    const nothing = openSync('/dev/null', 'r');
    own.push(nothing);
    for (let descriptor = stdio.length; descriptor <= Math.max(...strays); descriptor += 1) {
      stdio.push(strays.includes(descriptor) ? nothing : 'ignore');
    }
  }
  const inner = [
    ['--args', String(FD.args), '--', input.tools.prlimit, ...rlimitArguments(input.limits, input.grouped), '--'],
    [SUPERVISOR, '-c', DRIVER, 'suture', String(input.commands.length), ...input.commands, ...input.artifacts],
  ].flat();
  const launch = launchCommand(input.tools.bwrap, inner, input.uid, input.toolchains);
  let child: ChildProcess;
  try {
    child = spawn(launch.file, launch.args, {
      cwd: '/',
      // Nothing of ours: bubblewrap stays visible inside as process 1, with its environment.
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
      shell: false,
      stdio,
      ...(launch.uid === undefined ? {} : { uid: launch.uid }),
      ...(launch.gid === undefined ? {} : { gid: launch.gid }),
    });
  } catch (cause) {
    throw new Failure('sandbox-unavailable', `${launch.file} cannot be started; run the doctor command for the way out`, { cause });
  } finally {
    for (const descriptor of own) {
      closeSync(descriptor);
    }
  }
  // Node types name the first five only.
  const pipes: readonly unknown[] = child.stdio;
  for (const stream of child.stdio) {
    stream?.on('error', noop);
  }

  const errors: Buffer[] = [];
  let errorBytes = 0;
  child.stderr?.on('data', (chunk: Buffer) => {
    if (errorBytes < MAX_ERROR_BYTES) {
      errors.push(chunk);
      errorBytes += chunk.length;
    }
  });
  let firstPid: number | null = null;
  void (async () => {
    const lines = createLineQueue(pipes[FD.json] as Readable);
    for (let line = await lines.next(); typeof line === 'string'; line = await lines.next()) {
      firstPid ??= Number(/"child-pid":\s*(\d+)/.exec(line)?.[1] ?? 0) || null;
    }
  })();

  const closed = new Promise<{ exitCode: number | null; signal: string | null; errors: string }>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Failure('sandbox-unavailable', `${launch.file} cannot be started (${cause.message}); run the doctor command`, { cause })),
    );
    child.once('close', (exitCode, signal) => {
      void (async () => {
        // Its streams close a moment before the kernel has taken the namespace down. A zombie counts as gone: everything else in the
        // namespace ended before it became one, and who reaps it is the machine's first process, in its own time.
        for (let turn = 0; firstPid !== null && turn < 500 && startTime(firstPid) !== null; turn += 1) {
          await delay(turn < 50 ? 1 : 10);
        }
        resolve({ exitCode, signal, errors: Buffer.concat(errors).toString() });
      })();
    });
  });
  closed.catch(noop);

  if (child.pid !== undefined) {
    try {
      input.adopt(child.pid);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Failure('sandbox-unavailable', 'the sandbox cannot be put under its limits; run the doctor command', { cause });
    }
    const args = profileArguments({
      limits: input.limits,
      toolchains: launch.toolchains,
      env: input.env,
      descriptors: {
        seccomp: FD.seccomp,
        status: FD.json,
        supervisor: FD.first,
        synthetic: Object.fromEntries(Object.keys(SYNTHETIC).map((path, index) => [path, FD.first + 1 + index])) as Record<
          keyof typeof SYNTHETIC,
          number
        >,
      },
    });
    (pipes[FD.args] as Writable).end(`${args.join('\0')}\0`);
  }
  return {
    output: pipes[1] as Readable,
    status: pipes[FD.status] as Readable,
    orders: pipes[FD.orders] as Writable,
    workspace: pipes[FD.workspace] as Writable,
    collected: pipes[FD.collected] as Readable,
    kill: () => child.kill('SIGKILL'),
    closed,
  };
}

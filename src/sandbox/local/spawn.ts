import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type Duplex, PassThrough, pipeline, type Readable, type Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import type { SandboxJob } from '../contract.ts';
import { jobEnvironment } from '../job-environment.ts';
import { startTime } from '../marker.ts';
import type { NetworkPlan } from '../network.ts';
import { RELAY } from '../relay.ts';
import { DRIVER } from './driver.ts';
import { endOrphan, endTree } from './end-tree.ts';
import type { Tools } from './find-tools.ts';
import { launchCommand } from './launch.ts';
import { rlimitArguments } from './limits.ts';
import { createLineQueue } from './line-queue.ts';
import { profileArguments, searchPath } from './profile.ts';
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
  readonly job: SandboxJob;
  readonly network: NetworkPlan;
  readonly grouped: boolean;
  /** Called with the direct child's pid before anything of the sandbox exists. */
  readonly adopt: (pid: number) => void;
}

/** A started sandbox. */
export interface SpawnedSandbox {
  readonly output: Readable;
  /** Frames of the relay, where the job has endpoints. */
  readonly relay: Duplex | null;
  readonly status: Readable;
  readonly orders: Writable;
  readonly workspace: Writable;
  /** What it hands back; also what it wrote before it ended, whenever it is read. */
  readonly collected: Readable;
  /** Ends everything inside: the process namespace goes with its first process. */
  kill(): void;
  /** Settles when the direct child has ended, all its streams are closed and the sandbox's first process is gone. */
  readonly closed: Promise<{ readonly exitCode: number | null; readonly signal: string | null; readonly errors: string }>;
}

const FD = { relay: 3, args: 4, json: 5, status: 6, orders: 7, workspace: 8, collected: 9, first: 10 } as const;
const MAX_ERROR_BYTES = 64 * 1024;
/** How long streams of a bubblewrap that ended before it had started anything may stay open. */
const SILENT_MS = 2_000;

const noop = (): void => undefined;

function hostsFile({ hosts }: NetworkPlan): string {
  return SYNTHETIC['/etc/hosts'] + hosts.map(({ address, name }) => `${address} ${name}\n`).join('');
}

/** Starts bubblewrap, always from this thread: the parent-death signal follows the thread that started it. */
export function spawnSandbox(input: SpawnInput): SpawnedSandbox {
  const { job, network } = input;
  const reaches = network.listeners.length > 0;
  const names: StaticName[] = ['seccomp', 'supervisor', ...(Object.keys(SYNTHETIC) as (keyof typeof SYNTHETIC)[])];
  const own: number[] = [];
  const files = names.map((name): number | 'pipe' => {
    // The one file that differs from job to job.
    if (name === '/etc/hosts' && reaches) return 'pipe';
    const descriptor = input.statics.open(name);
    own.push(descriptor);
    return descriptor;
  });
  const at = (name: StaticName): number => FD.first + names.indexOf(name);
  const stdio: StdioOptions = [
    'ignore',
    'pipe',
    'pipe',
    reaches ? 'pipe' : 'ignore',
    'pipe',
    'pipe',
    'pipe',
    'pipe',
    'pipe',
    'pipe',
    ...files,
  ];
  const strays = input.strays.filter((descriptor) => descriptor >= stdio.length);
  if (strays.length > 0) {
    const nothing = openSync('/dev/null', 'r');
    own.push(nothing);
    for (let descriptor = stdio.length; descriptor <= Math.max(...strays); descriptor += 1) {
      stdio.push(strays.includes(descriptor) ? nothing : 'ignore');
    }
  }
  const inner = [
    ['--args', String(FD.args), '--', input.tools.prlimit, ...rlimitArguments(job.limits, input.grouped), '--'],
    [SUPERVISOR, '-c', DRIVER, 'suture', ...(reaches ? [RELAY, JSON.stringify(network.listeners)] : ['', ''])],
    [String(job.steps.length), ...job.steps.map(({ run }) => run), ...job.artifacts],
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
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let firstPid: number | null = null;
  void (async () => {
    const lines = createLineQueue(pipes[FD.json] as Readable);
    for (let line = await lines.next(); typeof line === 'string'; line = await lines.next()) {
      if (firstPid !== null) continue;
      firstPid = Number(/"child-pid":\s*(\d+)/.exec(line)?.[1] ?? 0) || null;
      if (firstPid !== null && isOver()) endOrphan(firstPid);
    }
  })();
  child.once('exit', () => {
    if (firstPid !== null) return endOrphan(firstPid);
    // Ended by somebody else before it told of its first process: that one may be there, and would hold our streams open for ever.
    setTimeout(() => {
      for (const stream of firstPid === null ? pipes : []) (stream as Readable | null)?.destroy();
    }, SILENT_MS).unref();
  });

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
      endTree(child.pid);
      throw new Failure('sandbox-unavailable', 'the sandbox cannot be put under its limits; run the doctor command', { cause });
    }
    const args = profileArguments({
      limits: job.limits,
      toolchains: launch.toolchains,
      env: jobEnvironment(job, searchPath(launch.toolchains), network),
      descriptors: {
        seccomp: at('seccomp'),
        status: FD.json,
        supervisor: at('supervisor'),
        synthetic: Object.fromEntries(Object.keys(SYNTHETIC).map((path) => [path, at(path as keyof typeof SYNTHETIC)])) as Record<
          keyof typeof SYNTHETIC,
          number
        >,
      },
    });
    if (reaches) (pipes[at('/etc/hosts')] as Writable).end(hostsFile(network));
    (pipes[FD.args] as Writable).end(`${args.join('\0')}\0`);
  }
  // Node throws away what nobody reads yet of a process that ended, so it is taken before it is asked for.
  const collected = pipeline(pipes[FD.collected] as Readable, new PassThrough(), noop);
  return {
    output: pipes[1] as Readable,
    relay: reaches ? (pipes[FD.relay] as Duplex) : null,
    status: pipes[FD.status] as Readable,
    orders: pipes[FD.orders] as Writable,
    workspace: pipes[FD.workspace] as Writable,
    collected,
    kill: () => {
      if (child.pid !== undefined && !isOver()) endTree(child.pid);
    },
    closed,
  };
}

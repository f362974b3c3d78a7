import { setImmediate as turn } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { type Collected, collect, skippedFolders } from '../collect.ts';
import type { JobResult, SandboxJob, SandboxRunOptions, StepResult } from '../contract.ts';
import { serveForwards } from '../forward.ts';
import { networkPlan } from '../network.ts';
import { captureStep, type OutputCapture } from '../output.ts';
import { workspaceInput } from '../workspace-input.ts';
import type { Tools } from './find-tools.ts';
import type { Identity } from './identity.ts';
import { isFull, limitHit } from './limit-hit.ts';
import { createLineQueue } from './line-queue.ts';
import type { GuardAlarm, ResourceGuard } from './resource-guard.ts';
import { spawnSandbox } from './spawn.ts';
import type { StaticFiles } from './static-files.ts';
import type { Toolchain } from './toolchains.ts';

/** What every job of one sandbox shares. */
export interface JobHost {
  readonly tools: Tools;
  readonly statics: StaticFiles;
  readonly strays: readonly number[];
  readonly isolation: string;
  readonly grouped: boolean;
  /** Read-only parts of this machine that a job sees. */
  toolchainsOf(job: SandboxJob): Promise<readonly Toolchain[]>;
  acquireIdentity(): Identity;
  createGuard(job: SandboxJob, alarm: GuardAlarm): ResourceGuard;
}

type Reason = 'timeout' | 'memory' | 'output' | 'cancel';

/** How long output of a step that has ended is waited for when a process it left behind holds the pipe open. */
const DRAIN_MS = 500;
const SIGXFSZ_EXIT = 128 + 25;
/** Room for tar headers and temporary files beside the workspace itself when files come back. */
const COLLECT_SLACK = 64 * 1024 ** 2;

/** Runs one job; throws `sandbox-unavailable`, `too-large`, `cancelled`, or what `openBase` throws. A red step is a result. */
export async function runJob(host: JobHost, job: SandboxJob, options: SandboxRunOptions): Promise<JobResult> {
  const identity = host.acquireIdentity();
  let guard: ResourceGuard | null = null;
  try {
    let end: (reason: Reason) => void = () => undefined;
    guard = host.createGuard(job, { onMemory: () => end('memory') });
    return await runGuarded(host, job, options, identity.uid, guard, (ender) => {
      end = ender;
    });
  } finally {
    await guard?.end();
    identity.release();
  }
}

async function runGuarded(
  host: JobHost,
  job: SandboxJob,
  options: SandboxRunOptions,
  uid: number | null,
  guard: ResourceGuard,
  onEnder: (end: (reason: Reason) => void) => void,
): Promise<JobResult> {
  const toolchains = await host.toolchainsOf(job);
  const network = networkPlan(job);
  const base = await job.openBase();
  if (options.signal?.aborted) {
    base.destroy();
    throw new Failure('cancelled', `sandbox job ${job.name} was cancelled`);
  }
  let box: ReturnType<typeof spawnSandbox>;
  try {
    box = spawnSandbox({
      tools: host.tools,
      statics: host.statics,
      toolchains,
      uid,
      strays: host.strays,
      job,
      network,
      grouped: host.grouped,
      adopt: (pid) => guard.adopt(pid),
    });
  } catch (error) {
    base.destroy();
    throw error;
  }
  let reason: Reason | null = null;
  const end = (why: Reason): void => {
    reason ??= why;
    box.kill();
  };
  onEnder(end);
  const timer = setTimeout(() => end('timeout'), job.limits.wallClockMs);
  const onAbort = (): void => end('cancel');
  options.signal?.addEventListener('abort', onAbort, { once: true });

  let capture: OutputCapture | null = null;
  let chunks = 0;
  box.output.on('data', (chunk: Buffer) => {
    chunks += 1;
    if (capture === null) return;
    options.onOutput?.(chunk);
    if (!capture.add(chunk)) end('output');
  });
  // Both streams are sockets that were written in order: once whole turns of the event loop bring nothing more, all has been read.
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3; ) {
      const before = chunks;
      await turn();
      quiet = chunks === before ? quiet + 1 : 0;
    }
  };

  const status = createLineQueue(box.status);
  const order = (line: string): void => {
    box.orders.write(`${line}\n`);
  };
  const { tar, baseline } = workspaceInput(base, job.files, job.layers);
  const forwards = box.relay === null ? null : serveForwards(box.relay, box.relay, network.routes);
  tar.on('error', () => undefined);
  let inputError: unknown = null;
  let taken = true;
  box.workspace.on('close', () => {
    taken = false;
    tar.destroy();
  });
  tar.pipe(box.workspace);
  baseline.catch((error: unknown) => {
    // That nobody takes it any more is no reason of its own: the sandbox ended, and for what is known elsewhere.
    if (taken) inputError = error;
    box.kill();
  });

  const steps: StepResult[] = [];
  let collected: Collected = { artifacts: new Map(), changes: [], refused: [] };
  let before: Awaited<typeof baseline>;
  try {
    const first = await status.next();
    if (first !== 'input 0') {
      await failedStart(first ?? null);
    }
    before = await baseline;
    if (forwards !== null && !(await forwards.ready)) {
      throw new Failure(
        'sandbox-unavailable',
        'the endpoints of the job cannot be reached from the sandbox: it needs a Node that starts inside',
      );
    }

    let ended = false;
    for (const [index, step] of job.steps.entries()) {
      const result = await runStep(index + 1, step.name);
      steps.push(result.step);
      ended = result.ended;
      if (ended || result.step.exitCode !== 0) {
        break;
      }
    }
    const green = !ended && reason === null && steps.every((step) => step.exitCode === 0);
    if (job.keep !== undefined && green) {
      order(`keep ${job.keep.paths.join(' ')}`);
      await job.keep.to(box.collected);
      for (let line = await status.next(); line !== 'collected 0'; line = await status.next()) {
        if (typeof line !== 'string' || line.startsWith('collected'))
          throw new Failure('too-large', 'the sandbox did not hand back what was to be kept');
      }
    }
    if (job.keep === undefined && !ended && reason === null && (job.artifacts.length > 0 || job.collectChanges !== null)) {
      const words = job.collectChanges === null ? 'nothing' : ['changes', '.git', ...skippedFolders(before)].join(' ');
      order(`collect ${words}`);
      collected = await collect(
        box.collected,
        {
          artifacts: job.artifacts,
          changes: job.collectChanges,
          baseline: before,
          totalBytes: 2 * job.limits.workspaceBytes + COLLECT_SLACK,
        },
        async () => {
          for (let line = await status.next(); typeof line === 'string'; line = await status.next()) {
            if (line === 'collected 0') {
              return true;
            }
          }
          return false;
        },
      );
    }
  } finally {
    box.kill();
    forwards?.close();
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    base.destroy();
    await box.closed.catch(() => undefined);
  }
  if (endedBy() === 'cancel') {
    throw new Failure('cancelled', `sandbox job ${job.name} was cancelled`);
  }
  return {
    steps,
    artifacts: collected.artifacts,
    changes: collected.changes,
    refused: [...before.refused, ...collected.refused],
    isolation: `${host.isolation}, ${network.words}`,
    usage: { peakMemoryBytes: guard.peakMemoryBytes() },
    connections: forwards?.facts() ?? [],
  };

  // Through a function, as the value changes behind the back of the flow analysis.
  function endedBy(): Reason | null {
    return reason;
  }

  async function failedStart(line: string | null): Promise<never> {
    box.kill();
    const facts = await box.closed;
    const why = endedBy();
    if (why === 'cancel') {
      throw new Failure('cancelled', `sandbox job ${job.name} was cancelled`);
    }
    if (inputError !== null) {
      throw inputError;
    }
    if (line !== null || why === 'memory' || guard.counts().oomKills > 0) {
      throw new Failure(
        'too-large',
        `the base revision does not fit a workspace of ${job.limits.workspaceBytes} bytes; raise sandbox.workspaceBytes`,
      );
    }
    if (why === 'timeout') {
      throw new Failure('too-large', `the base revision was not unpacked within ${job.limits.wallClockMs} ms; raise the limit of the job`);
    }
    const said = facts.errors.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    throw new Failure(
      'sandbox-unavailable',
      `the sandbox did not start (${said || `exit ${facts.exitCode ?? facts.signal}`}); run the doctor command`,
    );
  }

  async function runStep(number: number, name: string): Promise<{ readonly step: StepResult; readonly ended: boolean }> {
    const output = captureStep(job.limits.outputBytes);
    capture = output;
    const started = performance.now();
    const earlier = guard.counts();
    options.onProgress?.(`step ${name} started`);
    order('run');
    let full = false;
    let code: number | null = null;
    // Its output may end before it does: after a red step the supervisor looks at the free space first.
    let drained = false;
    let line: string | null | undefined;
    for (line = await status.next(); typeof line === 'string'; line = await status.next()) {
      full = full || isFull(line);
      drained = drained || line === `drained ${number}`;
      const match = /^end (\d+) (\d+)$/.exec(line);
      if (match !== null && Number(match[1]) === number) {
        code = Number(match[2]);
        break;
      }
    }
    const durationMs = Math.round(performance.now() - started);
    if (code !== null) {
      const deadline = performance.now() + DRAIN_MS;
      for (let left = DRAIN_MS; !drained && left > 0; left = deadline - performance.now()) {
        const later = await status.next(left);
        drained = typeof later !== 'string' || later === `drained ${number}`;
      }
    } else {
      await box.closed;
    }
    await settle();
    capture = null;
    // A limit may have been hit while the last of the output came in; the sandbox is gone then.
    const why = endedBy();
    const ended = code === null || why !== null;
    const { text, truncated } = output.finish();
    const counts = guard.counts();
    const oomKilled = why === 'memory' || counts.oomKills > earlier.oomKills;
    const hit = code === 0 ? null : limitHit(earlier, counts, full || code === SIGXFSZ_EXIT);
    // Who starts processes without end runs into the time limit as well; the first limit says more.
    const killedBy = why === 'timeout' && hit === 'processes' ? hit : (why ?? hit);
    options.onProgress?.(`step ${name} ended: ${killedBy ?? (code === null ? 'sandbox ended' : `exit ${code}`)} after ${durationMs} ms`);
    return {
      ended,
      step: {
        name,
        exitCode: ended ? null : code,
        signal: ended ? 'SIGKILL' : null,
        timedOut: why === 'timeout',
        killedBy,
        oomKilled,
        outputTruncated: truncated,
        durationMs,
        output: text,
      },
    };
  }
}

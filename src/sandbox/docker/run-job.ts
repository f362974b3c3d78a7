import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import { type Collected, collect, skippedFolders } from '../collect.ts';
import type { JobResult, SandboxJob, StepResult } from '../contract.ts';
import { captureStep } from '../output.ts';
import { workspaceInput } from '../workspace-input.ts';
import { containerOptions, environment } from './container.ts';
import { engineFailure, unlessStatus } from './engine.ts';
import { execute, isRunning } from './execute.ts';
import type { DockerOptions } from './options.ts';
import { COLLECT, FILL, STEP } from './scripts.ts';
import { type LimitCounts, type Watch, watchLimits } from './watch.ts';

/** What every job of one engine shares. */
export interface DockerHost {
  readonly docker: Docker;
  readonly options: DockerOptions;
  readonly marker: string;
  /** Tells the containers of this installation from those of others at the same engine. */
  readonly owner: string;
  readonly imagePath: string | undefined;
  readonly isolation: string;
}

/** How a run may be followed and ended. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

type Reason = 'timeout' | 'output' | 'cancel';

const DRAIN_MS = 500;
const SAID_BYTES = 4_096;
const SIGXFSZ_EXIT = 128 + 25;
const CREATE_TRIES = 5;
/** Processes beyond the limit of the job, so that what looks at it and collects from it can be started in one that used it up. */
const SPARE_PROCESSES = 32;
/** Room for tar headers and temporary files beside the workspace itself when files come back. */
const COLLECT_SLACK = 64 * 1024 ** 2;

const cancelled = (job: SandboxJob) => new Failure('cancelled', `sandbox job ${job.name} was cancelled`);

/** A fresh container for a job. One of an earlier try, whose service died, is ended first: a job never runs twice at once. */
async function createContainer(host: DockerHost, job: SandboxJob): Promise<Container> {
  const container = `suture-${createHash('sha256').update(`${host.owner}\0${job.name}`).digest('hex').slice(0, 24)}`;
  for (let tried = 1; ; tried += 1) {
    const made = await unlessStatus(
      [409],
      host.docker.createContainer(containerOptions(job, host.options, { container, marker: host.marker, owner: host.owner })),
    );
    if (made !== null) return made;
    if (tried >= CREATE_TRIES) throw new Failure('sandbox-unavailable', `a container named ${container} is in the way; remove it`);
    await unlessStatus([404, 409], host.docker.getContainer(container).remove({ force: true, v: true }));
    await delay(50 * tried);
  }
}

/** Runs one job in a container of its own; throws `sandbox-unavailable`, `too-large`, `cancelled`, or what `openBase` throws. A red step is a result. */
export async function runDockerJob(host: DockerHost, job: SandboxJob, options: RunOptions): Promise<JobResult> {
  const base = await job.openBase();
  let container: Container | null = null;
  try {
    if (options.signal?.aborted) throw cancelled(job);
    container = await createContainer(host, job);
    const watch = await watchLimits(host.docker, container);
    try {
      await container.start();
      return await new Run(host, job, options, container, watch).run(base);
    } finally {
      watch.close();
    }
  } catch (error) {
    throw engineFailure(error, 'run a job');
  } finally {
    base.destroy();
    if (container !== null) await unlessStatus([404, 409], container.remove({ force: true, v: true })).catch(() => undefined);
  }
}

class Run {
  readonly #host: DockerHost;
  readonly #job: SandboxJob;
  readonly #options: RunOptions;
  readonly #container: Container;
  readonly #watch: Watch;
  readonly #env: readonly string[];
  #reason: Reason | null = null;
  #counts: LimitCounts = { oomKills: 0, processRefusals: 0, diskFull: false };

  constructor(host: DockerHost, job: SandboxJob, options: RunOptions, container: Container, watch: Watch) {
    this.#host = host;
    this.#job = job;
    this.#options = options;
    this.#container = container;
    this.#watch = watch;
    this.#env = environment(job, host.imagePath);
  }

  async run(base: NodeJS.ReadableStream & Parameters<typeof workspaceInput>[0]): Promise<JobResult> {
    const timer = setTimeout(() => this.#end('timeout'), this.#job.limits.wallClockMs);
    const onAbort = (): void => this.#end('cancel');
    this.#options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const baseline = await this.#fill(base);
      const steps: StepResult[] = [];
      let ended = false;
      for (const step of this.#job.steps) {
        const result = await this.#step(step.name, step.run);
        steps.push(result.step);
        ended = result.ended;
        if (ended || result.step.exitCode !== 0) break;
      }
      const wanted = this.#job.artifacts.length > 0 || this.#job.collectChanges !== null;
      const collected: Collected =
        !ended && this.#reason === null && wanted ? await this.#collect(baseline) : { artifacts: new Map(), changes: [], refused: [] };
      if (this.#reason === 'cancel') throw cancelled(this.#job);
      return {
        steps,
        artifacts: collected.artifacts,
        changes: collected.changes,
        refused: [...baseline.refused, ...collected.refused],
        isolation: this.#host.isolation,
        usage: { peakMemoryBytes: null },
      };
    } finally {
      clearTimeout(timer);
      this.#options.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the container; what its limits did is looked at first, because afterwards nobody can tell. */
  #end(reason: Reason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const ending = async (): Promise<void> => {
      if (reason === 'timeout') {
        // Room for a look would be taken at once by who starts processes without end.
        if (await this.#watch.crowded()) this.#counts = { ...this.#counts, processRefusals: this.#counts.processRefusals + 1 };
        else await this.#look();
      }
      await this.#container.kill();
    };
    // Whoever waits for the container sees that it is gone; one that is gone already cannot be ended again.
    ending().catch(() => undefined);
  }

  async #look(): Promise<LimitCounts> {
    await unlessStatus([404, 409], this.#container.update({ PidsLimit: this.#job.limits.processes + 2 * SPARE_PROCESSES })).catch(
      () => undefined,
    );
    const { oomKills, processRefusals, diskFull } = await this.#watch.look();
    const earlier = this.#counts;
    // What cannot be read now stays what it was.
    this.#counts = {
      oomKills: Math.max(earlier.oomKills, oomKills),
      processRefusals: Math.max(earlier.processRefusals, processRefusals),
      diskFull,
    };
    return this.#counts;
  }

  async #fill(base: Parameters<typeof workspaceInput>[0]) {
    const { tar, baseline } = workspaceInput(base, this.#job.files);
    tar.on('error', () => undefined);
    let said = '';
    const filling = await execute(this.#container, { argv: ['/bin/sh', '-c', FILL], env: this.#env, stdin: true }, (_from, bytes) => {
      if (said.length < SAID_BYTES) said += bytes.toString();
    });
    baseline.catch(() => filling.close());
    // A container that is ended closes its end: the exit code tells.
    await pipeline(tar, filling.input, { end: true }).catch(() => undefined);
    const code = await filling.exited();
    await Promise.race([filling.drained, delay(DRAIN_MS)]);
    const before = await baseline;
    if (this.#reason === 'cancel') throw cancelled(this.#job);
    const { workspaceBytes, wallClockMs } = this.#job.limits;
    if (this.#reason === 'timeout')
      throw new Failure('too-large', `the base revision was not unpacked within ${wallClockMs} ms; raise the limit of the job`);
    if (code !== 0 && /No space left|Disk quota|File too large|Wrote only|Cannot (?:write|mkdir|open)/i.test(said))
      throw new Failure('too-large', `the base revision does not fit a workspace of ${workspaceBytes} bytes; raise sandbox.workspaceBytes`);
    if (code !== 0) throw new Failure('sandbox-unavailable', `the workspace could not be filled (exit ${code}): ${oneLine(said, 300)}`);
    return before;
  }

  async #step(name: string, run: string): Promise<{ readonly step: StepResult; readonly ended: boolean }> {
    const output = captureStep(this.#job.limits.outputBytes);
    const started = performance.now();
    const earlier = this.#counts;
    this.#options.onProgress?.(`step ${name} started`);
    const running = await execute(
      this.#container,
      { argv: ['/bin/sh', '-c', STEP, 'step', run], env: this.#env, stdin: false },
      (_from, bytes) => {
        if (!output.add(bytes)) this.#end('output');
      },
    ).catch((error: unknown) => {
      if (this.#reason !== null) return null;
      throw error;
    });
    const code = running === null ? null : await running.exited();
    const durationMs = Math.round(performance.now() - started);
    if (running !== null) {
      await Promise.race([running.drained, delay(DRAIN_MS)]);
      running.close();
    }
    const counts = code === 0 && this.#reason === null ? this.#counts : await this.#countsAfter();
    const gone = this.#reason !== null || code === null || (code !== 0 && !(await isRunning(this.#container)));
    const { text, truncated } = output.finish();
    const oomKilled = counts.oomKills > earlier.oomKills;
    const full = code !== 0 && (counts.diskFull || code === SIGXFSZ_EXIT);
    const refusals = counts.processRefusals > earlier.processRefusals;
    const hit = code === 0 && !gone ? null : oomKilled ? 'memory' : refusals ? 'processes' : full ? 'disk' : null;
    const reason = this.#why();
    const killedBy = reason === 'timeout' && hit === 'processes' ? hit : (reason ?? hit);
    this.#options.onProgress?.(`step ${name} ended: ${killedBy ?? (gone ? 'sandbox ended' : `exit ${code}`)} after ${durationMs} ms`);
    return {
      ended: gone,
      step: {
        name,
        exitCode: gone ? null : code,
        signal: gone ? 'SIGKILL' : null,
        timedOut: reason === 'timeout',
        killedBy,
        oomKilled,
        outputTruncated: truncated,
        durationMs,
        output: text,
      },
    };
  }

  /** The engine tells of a kill by the memory limit a moment after it happened. */
  async #countsAfter(): Promise<LimitCounts> {
    if (this.#reason !== null) return this.#counts;
    await delay(20);
    return this.#look();
  }

  // Through a function, as the value changes behind the back of the flow analysis.
  #why(): Reason | null {
    return this.#reason;
  }

  async #collect(baseline: Awaited<ReturnType<typeof workspaceInput>['baseline']>): Promise<Collected> {
    const { artifacts, collectChanges, limits } = this.#job;
    const words = collectChanges === null ? ['nothing'] : ['changes', '.git', ...skippedFolders(baseline)];
    await unlessStatus([404, 409], this.#container.update({ PidsLimit: limits.processes + SPARE_PROCESSES }));
    const sent = new PassThrough();
    const collecting = await execute(
      this.#container,
      { argv: ['/bin/sh', '-c', COLLECT, 'collect', String(artifacts.length), ...artifacts, ...words], env: this.#env, stdin: false },
      async (from, bytes) => {
        if (from === 'error' || sent.destroyed || sent.write(bytes)) return;
        await new Promise<void>((resolve) => {
          sent.once('drain', resolve);
          sent.once('close', resolve);
        });
      },
    );
    void collecting.drained.then(() => sent.end());
    try {
      return await collect(
        sent,
        { artifacts, changes: collectChanges, baseline, totalBytes: 2 * limits.workspaceBytes + COLLECT_SLACK },
        async () => (await collecting.exited()) === 0,
      );
    } finally {
      collecting.close();
      sent.destroy();
    }
  }
}

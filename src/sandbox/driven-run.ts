import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../domain/failure.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Box, LimitCounts } from './box.ts';
import { COLLECT, FILL, KEEP, RELAYING, STEP } from './box-programs.ts';
import { type Collected, collect, skippedFolders } from './collect.ts';
import type { JobResult, SandboxJob, SandboxRunOptions, StepResult } from './contract.ts';
import { type Forwards, serveForwards } from './forward.ts';
import { jobEnvironment } from './job-environment.ts';
import type { NetworkPlan } from './network.ts';
import { captureStep } from './output.ts';
import { RELAY } from './relay.ts';
import { workspaceInput } from './workspace-input.ts';

type Reason = 'timeout' | 'output' | 'cancel';

const DRAIN_MS = 500;
/** Longest look at what the limits did to a job whose time is over. */
const LAST_LOOK_MS = 2_000;
const SAID_BYTES = 4_096;
const SIGXFSZ_EXIT = 128 + 25;
/** Room for tar headers and temporary files beside the workspace itself when files come back. */
const COLLECT_SLACK = 64 * 1024 ** 2;

/** The failure of a job that was stopped. */
export const cancelled = (job: SandboxJob): Failure => new Failure('cancelled', `sandbox job ${job.name} was cancelled`);

/** One job in a box that is driven from outside: filled, run step by step, read; every program in it is started by us, and its exit code is what the engine says. */
export class DrivenRun {
  readonly #job: SandboxJob;
  readonly #options: SandboxRunOptions;
  readonly #box: Box;
  readonly #env: Readonly<Record<string, string>>;
  readonly #network: NetworkPlan;
  #reason: Reason | null = null;
  #counts: LimitCounts = { oomKills: 0, processRefusals: 0, diskFull: false };

  constructor(parts: {
    readonly job: SandboxJob;
    readonly options: SandboxRunOptions;
    readonly box: Box;
    readonly network: NetworkPlan;
    readonly path: string;
  }) {
    this.#job = parts.job;
    this.#options = parts.options;
    this.#box = parts.box;
    this.#network = parts.network;
    this.#env = jobEnvironment(parts.job, parts.path, parts.network);
  }

  async run(base: NodeJS.ReadableStream & Parameters<typeof workspaceInput>[0]): Promise<JobResult> {
    const timer = setTimeout(() => this.#end('timeout'), this.#job.limits.wallClockMs);
    const onAbort = (): void => this.#end('cancel');
    this.#options.signal?.addEventListener('abort', onAbort, { once: true });
    let forwards: Forwards | null = null;
    try {
      const baseline = await this.#fill(base);
      forwards = await this.#relay();
      const steps: StepResult[] = [];
      let ended = false;
      for (const step of this.#job.steps) {
        const result = await this.#step(step.name, step.run);
        steps.push(result.step);
        ended = result.ended;
        if (ended || result.step.exitCode !== 0) break;
      }
      const { keep } = this.#job;
      if (keep !== undefined && !ended && this.#reason === null && steps.every((step) => step.exitCode === 0)) await this.#keep(keep);
      const wanted = this.#job.artifacts.length > 0 || this.#job.collectChanges !== null;
      const collected: Collected =
        !ended && this.#reason === null && wanted ? await this.#collect(baseline) : { artifacts: new Map(), changes: [], refused: [] };
      if (this.#reason === 'cancel') throw cancelled(this.#job);
      return {
        steps,
        artifacts: collected.artifacts,
        changes: collected.changes,
        refused: [...baseline.refused, ...collected.refused],
        isolation: `${this.#box.isolation}, ${this.#network.words}`,
        usage: { peakMemoryBytes: null },
        connections: forwards?.facts() ?? [],
      };
    } finally {
      forwards?.close();
      clearTimeout(timer);
      this.#options.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the container; what its limits did is looked at first, because afterwards nobody can tell. */
  #end(reason: Reason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const looking = async (): Promise<void> => {
      // Room for a look would be taken at once by who starts processes without end.
      if (await this.#box.crowded()) this.#counts = { ...this.#counts, processRefusals: this.#counts.processRefusals + 1 };
      else await this.#look();
    };
    const ending = async (): Promise<void> => {
      // A busy engine takes its time over a look; the job gets none for it.
      if (reason === 'timeout') await Promise.race([looking().catch(() => undefined), delay(LAST_LOOK_MS)]);
      await this.#box.kill();
    };
    // Whoever waits for the container sees that it is gone; one that is gone already cannot be ended again.
    ending().catch(() => undefined);
  }

  async #look(): Promise<LimitCounts> {
    const { oomKills, processRefusals, diskFull } = await this.#box.look();
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
    const { tar, baseline } = workspaceInput(base, this.#job.files, this.#job.layers);
    tar.on('error', () => undefined);
    let said = '';
    const filling = await this.#box.execute({ text: FILL, args: [], env: this.#env, stdin: true, limited: false }, (_from, bytes) => {
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

  /** Starts what carries connections to the endpoints; the container itself has no network all the same. */
  async #relay(): Promise<Forwards | null> {
    const { listeners, routes } = this.#network;
    if (listeners.length === 0) return null;
    const frames = new PassThrough();
    const relaying = await this.#box.execute(
      { text: RELAYING, args: [RELAY, JSON.stringify(listeners)], env: this.#env, stdin: true, limited: false },
      (from, bytes) => {
        if (from === 'out') frames.write(bytes);
      },
    );
    void relaying.drained.then(() => frames.end());
    const forwards = serveForwards(frames, relaying.input, routes);
    if (await forwards.ready) return forwards;
    relaying.close();
    throw new Failure('sandbox-unavailable', 'the endpoints of the job cannot be reached from the container: its image needs `node`');
  }

  /** Hands back whole folders. */
  async #keep(keep: NonNullable<SandboxJob['keep']>): Promise<void> {
    await this.#box.makeRoom();
    const { sent, sending } = await this.#send(KEEP, keep.paths);
    try {
      await keep.to(sent);
      if ((await sending.exited()) !== 0) throw new Failure('too-large', 'the sandbox did not hand back what was to be kept');
    } finally {
      sending.close();
      sent.destroy();
    }
  }

  /** Runs one of our programs whose standard output is a stream for us, read no faster than we take it. */
  async #send(text: string, args: readonly string[]) {
    const sent = new PassThrough();
    const sending = await this.#box.execute({ text, args, env: this.#env, stdin: false, limited: false }, async (from, bytes) => {
      if (from === 'error' || sent.destroyed || sent.write(bytes)) return;
      await new Promise<void>((resolve) => {
        sent.once('drain', resolve);
        sent.once('close', resolve);
      });
    });
    void sending.drained.then(() => sent.end());
    return { sent, sending };
  }

  async #step(name: string, run: string): Promise<{ readonly step: StepResult; readonly ended: boolean }> {
    const output = captureStep(this.#job.limits.outputBytes);
    const started = performance.now();
    const earlier = this.#counts;
    this.#options.onProgress?.(`step ${name} started`);
    const running = await this.#box
      .execute({ text: STEP, args: [run], env: this.#env, stdin: false, limited: true }, (_from, bytes) => {
        this.#options.onOutput?.(bytes);
        if (!output.add(bytes)) this.#end('output');
      })
      .catch((error: unknown) => {
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
    const gone = this.#reason !== null || code === null || (code !== 0 && !(await this.#box.isRunning()));
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
    await this.#box.makeRoom();
    const { sent, sending } = await this.#send(COLLECT, [String(artifacts.length), ...artifacts, ...words]);
    try {
      return await collect(
        sent,
        { artifacts, changes: collectChanges, baseline, totalBytes: 2 * limits.workspaceBytes + COLLECT_SLACK },
        async () => (await sending.exited()) === 0,
      );
    } finally {
      sending.close();
      sent.destroy();
    }
  }
}

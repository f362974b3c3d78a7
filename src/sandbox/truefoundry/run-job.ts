import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { type Collected, collect, skippedFolders } from '../collect.ts';
import type { JobResult, SandboxJob, SandboxRunOptions, StepResult } from '../contract.ts';
import { jobEnvironment } from '../job-environment.ts';
import { networkPlan } from '../network.ts';
import { type Baseline, workspaceInput } from '../workspace-input.ts';
import { type Application, isEnding, isOver, platformFailure, type Run, type TrueFoundry } from './client.ts';
import type { JobExchange, TrueFoundryOptions } from './options.ts';
import { readResult, stepsOf } from './result.ts';

/** What every job of one workspace shares. */
export interface WorkspaceHost {
  readonly platform: TrueFoundry;
  readonly options: TrueFoundryOptions;
  readonly exchange: JobExchange;
  readonly application: Application;
  readonly deploymentId: string;
  /** Tells the jobs of this installation from those of others. */
  readonly owner: string;
  readonly isolation: string;
}

const POLL_MS = 2_000;
const START_MS = 180_000;
/** The platform ends a run after 600 s; one that has its limit a little below can still say that it ran out of time. */
const LONGEST_MS = 570_000;
/** From the end of a job's own limit until its run is terminated from outside. */
const GRACE_MS = 30_000;
/** A run that is over has handed its result in already; its file may still be on its way to us. */
const RESULT_TRIES = 10;
const DELETE_TRIES = 5;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const COLLECT_SLACK = 64 * 1024 ** 2;

const cancelled = (job: SandboxJob): Failure => new Failure('cancelled', `sandbox job ${job.name} was cancelled`);

/** Id of a job: the same for the same job, so that a repeated activity finds its run. */
export function jobId(owner: string, name: string): string {
  return createHash('sha256').update(`${owner}\0${name}`).digest('hex').slice(0, 40);
}

/** The input of a run: its job as JSON, then the workspace as tar. */
function inputOf(job: SandboxJob, baseline: Baseline, tar: Readable): Readable {
  const network = networkPlan({});
  const words = job.collectChanges === null ? ['nothing'] : ['changes', '.git', ...skippedFolders(baseline)];
  const wants = job.artifacts.length > 0 || job.collectChanges !== null;
  const head = Buffer.from(
    JSON.stringify({
      steps: job.steps,
      env: jobEnvironment(job, PATH, network),
      wallClockMs: Math.min(job.limits.wallClockMs, LONGEST_MS),
      processes: job.limits.processes,
      workspaceBytes: job.limits.workspaceBytes,
      fileBytes: job.limits.fileBytes,
      outputBytes: job.limits.outputBytes,
      wants: wants ? [String(job.artifacts.length), ...job.artifacts, ...words] : null,
      keep: job.keep?.paths ?? null,
    }),
  );
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length, 0);
  return Readable.from(
    (async function* () {
      yield size;
      yield head;
      for await (const part of tar) yield part as Buffer;
    })(),
    { objectMode: false },
  );
}

/** Which folders are not sent back must be known before the input is written, and is known after the base was read: it is read twice. */
async function baselineOf(job: SandboxJob): Promise<Baseline> {
  const { tar, baseline } = workspaceInput(await job.openBase(), job.files, job.layers);
  tar.resume();
  tar.on('error', () => undefined);
  return baseline;
}

async function hasResult(exchange: JobExchange, id: string): Promise<boolean> {
  const stream = await exchange.collect(id);
  stream?.destroy();
  return stream !== null;
}

/** The run of a job that is there already, by the id in its command; null when there is none that still counts. */
async function findRun({ platform, application }: WorkspaceHost, id: string): Promise<Run | null> {
  const runs = await platform.runs(application.id);
  return runs.find(({ command }) => (Array.isArray(command) ? command.join(' ') : (command ?? '')).includes(id)) ?? null;
}

/** Runs one job as a run of the application; throws `sandbox-unavailable`, `too-large`, `cancelled`, or what `openBase` throws. A red step is a result. */
export async function runWorkspaceJob(host: WorkspaceHost, job: SandboxJob, options: SandboxRunOptions): Promise<JobResult> {
  const { platform, exchange, application } = host;
  if ((job.endpoints ?? []).length > 0 || (job.registries ?? []).length > 0)
    throw new Failure(
      'sandbox-unavailable',
      'jobs on TrueFoundry reach no endpoints and no registries; choose another sandbox for this repository',
    );
  const id = jobId(host.owner, job.name);
  let name: string | null = null;
  try {
    const baseline = await baselineOf(job);
    const known = await findRun(host, id);
    // One that ended without a result, or is being ended, tells nothing; what it was is tried again under a new one.
    const lost = known !== null && (isEnding(known.status) || (isOver(known.status) && !(await hasResult(exchange, id))));
    const earlier = lost ? null : known;
    if (known !== null && earlier === null) await forget(host, known.name);
    if (earlier === null) await exchange.remove(id);
    const ticket = await exchange.offer(
      id,
      async () => {
        const { tar, baseline: written } = workspaceInput(await job.openBase(), job.files, job.layers);
        written.catch((error: unknown) => tar.destroy(error instanceof Error ? error : undefined));
        return inputOf(job, baseline, tar);
      },
      Date.now() + (host.options.startMs ?? START_MS) + LONGEST_MS + GRACE_MS,
    );
    if (options.signal?.aborted) throw cancelled(job);
    name = earlier?.name ?? (await startRun(host, id, ticket));
    options.onProgress?.(`run ${name}${earlier === null ? '' : ' taken over'}`);
    const run = await follow(host, job, name, id, options);
    if (options.signal?.aborted) throw cancelled(job);
    return await resultOf(host, job, run, id, baseline);
  } catch (error) {
    if (options.signal?.aborted) throw cancelled(job);
    throw platformFailure(error, 'run a job');
  } finally {
    if (name !== null) await forget(host, name).catch(() => undefined);
    await exchange.remove(id).catch(() => undefined);
  }

  /** Triggers a run. An answer that was lost is looked for before anybody triggers again. */
  async function startRun(of: WorkspaceHost, wanted: string, ticket: string): Promise<string> {
    try {
      return await platform.trigger(application.id, { job: wanted, ticket }, `suture-${wanted.slice(0, 20)}`);
    } catch (error) {
      await delay(of.options.pollMs ?? POLL_MS);
      const made = await findRun(of, wanted);
      if (made === null) throw error;
      return made.name;
    }
  }
}

/** Ends a run and takes it away; both as often as it takes. */
async function forget({ platform, application, deploymentId, options }: WorkspaceHost, name: string): Promise<void> {
  const run = await platform.run(application.id, name);
  if (run === null) return;
  if (!isOver(run.status)) await platform.terminate(run.deploymentId ?? deploymentId, name);
  for (let tried = 0; tried < DELETE_TRIES; tried += 1) {
    if (await platform.deleteRun(application.id, name)) return;
    await delay((options.pollMs ?? POLL_MS) * (tried + 1));
  }
}

/** Follows a run to its end, handing on its log; terminates it on cancel, when it does not begin, and when it runs over its time. */
async function follow(host: WorkspaceHost, job: SandboxJob, name: string, id: string, options: SandboxRunOptions): Promise<Run> {
  const { platform, application, deploymentId } = host;
  const pollMs = host.options.pollMs ?? POLL_MS;
  const startBy = Date.now() + (host.options.startMs ?? START_MS);
  let endBy: number | null = null;
  let after = '0';
  let silent = 0;
  let deployment = deploymentId;
  const end = async (): Promise<void> => {
    await platform.terminate(deployment, name).catch(() => undefined);
  };
  for (;;) {
    if (options.signal?.aborted) {
      await end();
      throw cancelled(job);
    }
    // Looking may fail for a while without the run being in any trouble.
    const run = await platform.run(application.id, name).catch((error: unknown) => {
      silent += 1;
      if (silent > 5) throw error;
      return undefined;
    });
    if (run === null) throw new Failure('sandbox-unavailable', `the run ${name} was deleted by somebody else`);
    if (run !== undefined) silent = 0;
    // That of a run which was taken over may be an older one.
    deployment = run?.deploymentId ?? deployment;
    if (options.onOutput !== undefined) {
      // Logs come late and are for people: the result does not depend on them.
      for (const line of await platform.logs(application.id, name, after).catch(() => [])) {
        after = line.time;
        options.onOutput(Buffer.from(`${line.text}\n`));
      }
    }
    if (run?.status === 'TERMINATED' && (endBy === null || Date.now() < endBy - GRACE_MS) && !(await hasResult(host.exchange, id)))
      throw new Failure('sandbox-unavailable', `the run ${name} was terminated by somebody else before its time was over`);
    if (run !== undefined && isOver(run.status)) return run;
    if (run?.status === 'RUNNING') endBy ??= Date.now() + Math.min(job.limits.wallClockMs, LONGEST_MS) + GRACE_MS;
    if (endBy === null && Date.now() > startBy) {
      await end();
      throw new Failure(
        'sandbox-unavailable',
        `the run ${name} did not begin (${run?.status ?? 'no answer'}); is there room in the workspace?`,
      );
    }
    if (endBy !== null && Date.now() > endBy) {
      await end();
      return { name, status: 'TERMINATED', exitCode: 137 };
    }
    await delay(pollMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => undefined);
  }
}

async function resultOf(host: WorkspaceHost, job: SandboxJob, run: Run, id: string, baseline: Baseline): Promise<JobResult> {
  let stream = await host.exchange.collect(id);
  for (let tried = 0; stream === null && tried < RESULT_TRIES && run.status === 'FINISHED'; tried += 1) {
    await delay(50 * (tried + 1));
    stream = await host.exchange.collect(id);
  }
  const whole = (steps: readonly StepResult[], collected: Collected): JobResult => ({
    steps,
    artifacts: collected.artifacts,
    changes: collected.changes,
    refused: [...baseline.refused, ...collected.refused],
    isolation: host.isolation,
    usage: { peakMemoryBytes: null },
    connections: [],
  });
  const nothing: Collected = { artifacts: new Map(), changes: [], refused: [] };
  if (stream === null) return whole([unfinished(job, run)], nothing);
  try {
    const { facts, rest } = await readResult(stream);
    if (facts.filled !== undefined) {
      if (/No space left|File too large|Cannot (?:write|open|mkdir)/i.test(facts.filled))
        throw new Failure('too-large', `the base revision does not fit the workspace: ${facts.filled.slice(0, 200)}`);
      throw new Failure('sandbox-unavailable', `the workspace could not be filled: ${facts.filled.slice(0, 200)}`);
    }
    const steps = stepsOf(facts, job);
    if (!facts.complete) return whole(steps, nothing);
    if (job.keep !== undefined) {
      await job.keep.to(rest);
      return whole(steps, nothing);
    }
    const totalBytes = 2 * job.limits.workspaceBytes + COLLECT_SLACK;
    return whole(
      steps,
      await collect(rest, { artifacts: job.artifacts, changes: job.collectChanges, baseline, totalBytes }, () =>
        Promise.resolve(facts.complete),
      ),
    );
  } finally {
    stream.destroy();
  }
}

/** The step of a run that ended without a word: ended by the platform, or by what it ran. */
function unfinished(job: SandboxJob, run: Run): StepResult {
  const timedOut = run.status === 'TERMINATED';
  const memory = run.exitCode === 137 && !timedOut;
  return {
    name: job.steps[0]?.name ?? 'run',
    exitCode: null,
    signal: 'SIGKILL',
    timedOut,
    killedBy: timedOut ? 'timeout' : memory ? 'memory' : null,
    oomKilled: memory,
    outputTruncated: false,
    durationMs: 0,
    output: run.error ?? '',
  };
}

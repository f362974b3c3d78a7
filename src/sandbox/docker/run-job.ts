import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { Failure } from '../../domain/failure.ts';
import type { Box } from '../box.ts';
import type { JobResult, SandboxJob, SandboxRunOptions } from '../contract.ts';
import { cancelled, DrivenRun } from '../driven-run.ts';
import { type NetworkPlan, networkPlan } from '../network.ts';
import type { Owner } from '../owner.ts';
import { containerOptions, SEARCH_PATH } from './container.ts';
import { engineFailure, statusOf, unlessStatus } from './engine.ts';
import { execute, isRunning } from './execute.ts';
import { type DockerOptions, imageOf } from './options.ts';
import { takeAway } from './take-away.ts';
import { type Watch, watchLimits } from './watch.ts';

/** What every job of one engine shares. */
export interface DockerHost {
  readonly docker: Docker;
  readonly options: DockerOptions;
  readonly marker: string;
  /** Tells the containers of this installation from those of others at the same engine. */
  readonly owner: Owner;
  /** What images say of PATH, by name. */
  readonly searchPaths: ReadonlyMap<string, string>;
  readonly isolation: string;
  /** Names and ids of containers that may be there and could not be taken away, because the engine did not answer: for the next sweep. */
  readonly left: Set<string>;
}

const CREATE_TRIES = 5;
/** Processes beyond the limit of the job, so that what looks at it and collects from it can be started in one that used it up. */
const SPARE_PROCESSES = 32;

/** A fresh container for a job. One of an earlier try, whose service died, is ended first: a job never runs twice at once. */
async function createContainer(host: DockerHost, job: SandboxJob, network: NetworkPlan): Promise<Container> {
  const container = `suture-${createHash('sha256').update(`${host.owner.installation}\0${job.name}`).digest('hex').slice(0, 24)}`;
  for (let tried = 1; ; tried += 1) {
    const made = await unlessStatus(
      [409],
      host.docker.createContainer(containerOptions(job, host.options, { container, marker: host.marker, owner: host.owner }, network)),
    ).catch((error: unknown) => {
      // No answer: it may have been made.
      if (statusOf(error) === undefined) host.left.add(container);
      throw error;
    });
    if (made !== null) {
      host.left.delete(container);
      return made;
    }
    if (tried >= CREATE_TRIES) throw new Failure('sandbox-unavailable', `a container named ${container} is in the way; remove it`);
    await takeAway(host.docker.getContainer(container));
    await delay(50 * tried);
  }
}

/** Takes a container away that is no longer needed; the next sweep does where the engine does not answer. */
async function giveBack(host: DockerHost, container: Container): Promise<void> {
  try {
    await takeAway(container);
  } catch {
    host.left.add(container.id);
  }
}

/** Runs one job in a container of its own; throws `sandbox-unavailable`, `too-large`, `cancelled`, or what `openBase` throws. A red step is a result. */
export async function runDockerJob(host: DockerHost, job: SandboxJob, options: SandboxRunOptions): Promise<JobResult> {
  const network = networkPlan(job);
  const base = await job.openBase();
  let container: Container | null = null;
  try {
    if (options.signal?.aborted) throw cancelled(job);
    container = await createContainer(host, job, network);
    const watch = await watchLimits(host.docker, container);
    try {
      await container.start();
      const path = host.searchPaths.get(imageOf(job, host.options)) ?? SEARCH_PATH;
      return await new DrivenRun({ job, options, box: containerBox(host, job, container, watch), network, path }).run(base);
    } finally {
      watch.close();
    }
  } catch (error) {
    throw engineFailure(error, 'run a job');
  } finally {
    base.destroy();
    if (container !== null) await giveBack(host, container);
  }
}

/** A container as a box that is driven through the engine. */
function containerBox(host: DockerHost, job: SandboxJob, container: Container, watch: Watch): Box {
  const allow = (spare: number): Promise<unknown> =>
    unlessStatus([404, 409], container.update({ PidsLimit: job.limits.processes + spare })).catch(() => undefined);
  return {
    isolation: host.isolation,
    execute: (program, take) => execute(container, program, take),
    async look() {
      await allow(2 * SPARE_PROCESSES);
      return watch.look();
    },
    crowded: () => watch.crowded(),
    async makeRoom() {
      await allow(SPARE_PROCESSES);
    },
    isRunning: () => isRunning(container),
    async kill() {
      await container.kill();
    },
  };
}

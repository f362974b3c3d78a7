import type { V1Pod } from '@kubernetes/client-node';
import type { Box, LimitCounts } from '../box.ts';
import type { JobResult, SandboxJob, SandboxRunOptions } from '../contract.ts';
import { cancelled, DrivenRun } from '../driven-run.ts';
import { lookInside } from '../look.ts';
import { networkPlan } from '../network.ts';
import type { Owner } from '../owner.ts';
import { type ClusterApi, clusterFailure, unlessStatus } from './api.ts';
import { executeInPod } from './execute.ts';
import { denyAll, jobObject, NOTES, objectName } from './objects.ts';
import { type KubernetesOptions, namespaceOf } from './options.ts';
import { begin, createOrAdopt, isPodRunning, removeJob, waitForPod } from './pod.ts';

/** What every job of one cluster shares. */
export interface ClusterHost {
  readonly api: ClusterApi;
  readonly options: KubernetesOptions;
  /** Tells the jobs of this installation from those of others in the namespace. */
  readonly owner: Owner;
  readonly marker: string;
  readonly isolation: string;
}

/** Folders of PATH after those that the image itself names. */
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Processes that are there whatever a step does: the keeper, and the shells around a step and a look. */
const OWN_PROCESSES = 4;

let tries = 0;

/** Runs one job in a pod of its own; throws `sandbox-unavailable`, `too-large`, `cancelled`, or what `openBase` throws. A red step is a result. */
export async function runClusterJob(host: ClusterHost, job: SandboxJob, options: SandboxRunOptions): Promise<JobResult> {
  const { api } = host;
  const network = networkPlan(job);
  const namespace = namespaceOf(job, host.options);
  const place = { namespace, name: objectName(host.owner.installation, job.name) };
  tries += 1;
  const marker = `${host.marker}.t${tries}`;
  const base = await job.openBase();
  const stop = (): void => {
    void removeJob(api, place).catch(() => undefined);
  };
  try {
    if (options.signal?.aborted) throw cancelled(job);
    options.signal?.addEventListener('abort', stop, { once: true });
    // Before the pod, so that there is no moment without it.
    await unlessStatus([409], api.networking.createNamespacedNetworkPolicy({ namespace, body: denyAll(namespace) }));
    await createOrAdopt(api, jobObject(job, host.options, { ...place, owner: host.owner, marker }, network), marker);
    const pod = await waitForPod(api, place, host.options.startSeconds, () => options.signal?.aborted ?? false);
    await begin(api, place, marker);
    return await new DrivenRun({ job, options, box: podBox(host, job, { ...place, pod }), network, path: SEARCH_PATH }).run(base);
  } catch (error) {
    if (options.signal?.aborted) throw cancelled(job);
    throw clusterFailure(error, 'run a job');
  } finally {
    options.signal?.removeEventListener('abort', stop);
    base.destroy();
    // Whoever took the job over drives it now.
    const there = await unlessStatus([404], api.batch.readNamespacedJob(place)).catch(() => null);
    if (there?.metadata?.annotations?.[NOTES.marker] === marker) await removeJob(api, place).catch(() => undefined);
  }
}

function fromStatus(pod: V1Pod | null): Pick<LimitCounts, 'oomKills' | 'diskFull'> {
  const states =
    pod?.status?.containerStatuses?.flatMap(({ state, lastState }) => [state?.terminated?.reason, lastState?.terminated?.reason]) ?? [];
  return { oomKills: states.includes('OOMKilled') ? 1 : 0, diskFull: pod?.status?.reason === 'Evicted' };
}

/** A pod as a box that is driven through the cluster's API. */
function podBox(
  host: ClusterHost,
  job: SandboxJob,
  place: { readonly namespace: string; readonly name: string; readonly pod: string },
): Box {
  const { api } = host;
  const { limits } = job;
  const execute: Box['execute'] = (program, take) => executeInPod(api, { ...place, limits }, program, take);
  const readPod = () => unlessStatus([404], api.core.readNamespacedPod({ namespace: place.namespace, name: place.pod }));
  const crowd = (processes: number): boolean => processes >= limits.processes - OWN_PROCESSES;
  return {
    isolation: host.isolation,
    execute,
    async look() {
      const pod = await readPod();
      const known = fromStatus(pod);
      if (!isPodRunning(pod ?? undefined)) return { ...known, processRefusals: 0 };
      const seen = await lookInside(execute);
      return {
        oomKills: Math.max(known.oomKills, seen.killed),
        // Limits by user are not counted by anybody: a pod that is full was refused more.
        processRefusals: Math.max(seen.refused, crowd(seen.processes) ? 1 : 0),
        diskFull: known.diskFull || seen.diskFull,
      };
    },
    // Its limit is for steps alone: there is always room for a look, which sees a crowd by itself.
    crowded: () => Promise.resolve(false),
    makeRoom: () => Promise.resolve(),
    isRunning: async () => isPodRunning((await readPod()) ?? undefined),
    async kill() {
      await removeJob(api, place);
    },
  };
}

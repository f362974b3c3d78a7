import { setTimeout as delay } from 'node:timers/promises';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import { type ClusterApi, unlessStatus } from './api.ts';
import { NOTES } from './objects.ts';

/** Where a job is. */
export interface JobPlace {
  readonly namespace: string;
  readonly name: string;
}

const WATCH_MS = 5_000;
const GONE_TRIES = 200;
/** What passes by itself: the cluster tries again to make the pod. */
const FOR_NOW = /exceeded quota/;
const STUCK =
  /^(?:ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError|ErrImageNeverPull)$/;

/** Ends a job with its pod and waits until both are gone. */
export async function removeJob({ batch, core }: ClusterApi, { namespace, name }: JobPlace): Promise<boolean> {
  const found = await unlessStatus(
    [404],
    batch.deleteNamespacedJob({
      namespace,
      name,
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
      body: { gracePeriodSeconds: 0, propagationPolicy: 'Background' },
    }),
  );
  const pods = await core.listNamespacedPod({ namespace, labelSelector: `job-name=${name}` });
  for (const { metadata } of pods.items)
    await unlessStatus(
      [404],
      core.deleteNamespacedPod({ namespace, name: metadata?.name ?? '', gracePeriodSeconds: 0, body: { gracePeriodSeconds: 0 } }),
    );
  return found !== null || pods.items.length > 0;
}

async function waitUntilGone(api: ClusterApi, { namespace, name }: JobPlace): Promise<void> {
  for (let tried = 0; tried < GONE_TRIES; tried += 1) {
    const job = await unlessStatus([404], api.batch.readNamespacedJob({ namespace, name }));
    const pods = await api.core.listNamespacedPod({ namespace, labelSelector: `job-name=${name}` });
    if (job === null && pods.items.length === 0) return;
    await delay(Math.min(50 * (tried + 1), 500));
  }
  throw new Failure('sandbox-unavailable', `the job ${name} of an earlier try does not go away; delete it in the namespace ${namespace}`);
}

/**
 * Makes a job, or takes over what is there under its name: one that was made and never begun is as good as new, whoever made it (an
 * answer that was lost, or a worker that died); one that was begun is ended first, because nobody knows any more how far it came.
 */
export async function createOrAdopt(api: ClusterApi, object: V1Job, marker: string): Promise<'created' | 'adopted'> {
  const place = { namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '' };
  for (let tried = 0; tried < 3; tried += 1) {
    const made = await unlessStatus([409], api.batch.createNamespacedJob({ namespace: place.namespace, body: object }));
    if (made !== null) return 'created';
    const there = await unlessStatus([404], api.batch.readNamespacedJob(place));
    const notes = there?.metadata?.annotations ?? {};
    const leaving =
      there?.metadata?.deletionTimestamp !== undefined || there?.status?.failed !== undefined || there?.status?.succeeded !== undefined;
    // One that was made by other settings, such as those before a restart, has other walls.
    const same = notes[NOTES.spec] === object.metadata?.annotations?.[NOTES.spec];
    if (
      there !== null &&
      same &&
      !leaving &&
      notes[NOTES.begun] === undefined &&
      (await note(api, place, there, { [NOTES.marker]: marker }))
    )
      return 'adopted';
    await removeJob(api, place);
    await waitUntilGone(api, place);
  }
  throw new Failure('sandbox-unavailable', `the job ${place.name} is made again by somebody else all the time`);
}

/** Writes annotations of a job as it was read; false when somebody changed it since. */
async function note(
  { batch }: ClusterApi,
  { namespace, name }: JobPlace,
  job: V1Job,
  notes: Readonly<Record<string, string>>,
): Promise<boolean> {
  const body: V1Job = { ...job, metadata: { ...job.metadata, annotations: { ...job.metadata?.annotations, ...notes } } };
  return (await unlessStatus([404, 409], batch.replaceNamespacedJob({ namespace, name, body }))) !== null;
}

/** Says that a job is begun, so that nobody takes it over from here on. Throws `sandbox-unavailable` when somebody else drives it. */
export async function begin(api: ClusterApi, place: JobPlace, marker: string): Promise<void> {
  for (let tried = 0; tried < 5; tried += 1) {
    const job = await api.batch.readNamespacedJob(place);
    if (job.metadata?.annotations?.[NOTES.marker] !== marker)
      throw new Failure('sandbox-unavailable', `the job ${place.name} was taken over by another worker`);
    if (await note(api, place, job, { [NOTES.begun]: new Date().toISOString() })) return;
  }
  throw new Failure('sandbox-unavailable', `the job ${place.name} changes all the time`);
}

/** Whether the container of a pod runs. */
export function isPodRunning(pod: V1Pod | undefined): boolean {
  return (
    pod?.status?.phase === 'Running' &&
    pod.metadata?.deletionTimestamp === undefined &&
    pod.status.containerStatuses?.[0]?.state?.running !== undefined
  );
}

/** Why a pod will not run; null while it may. */
function trouble(pod: V1Pod): string | null {
  const { status } = pod;
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded')
    return `${status.reason ?? status.phase}: ${status.message ?? 'it ended'}`;
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  return waiting?.reason !== undefined && STUCK.test(waiting.reason) ? `${waiting.reason}: ${waiting.message ?? ''}` : null;
}

/** What the cluster says of a job that it makes no pod for: such a job is never called failed, only its events tell. Null while there is nothing to say. */
async function whyNoPod({ batch, core }: ClusterApi, { namespace, name }: JobPlace): Promise<string | null> {
  const job = await unlessStatus([404], batch.readNamespacedJob({ namespace, name }));
  if (job === null) return 'its job was deleted by somebody else';
  // Its own: an earlier try had the same name, and events stay for an hour.
  const fieldSelector = `involvedObject.kind=Job,involvedObject.uid=${job.metadata?.uid ?? ''}`;
  const { items } = await core.listNamespacedEvent({ namespace, fieldSelector });
  return items.findLast(({ reason }) => reason === 'FailedCreate')?.message ?? null;
}

/** Waits for a change of the pods of a job after a version of their list; ends by itself, also when the server ends the watch. */
async function nextChange({ watch }: ClusterApi, { namespace, name }: JobPlace, resourceVersion: string | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    let controller: AbortController | undefined;
    const timer = setTimeout(() => settle(), WATCH_MS);
    const settle = (): void => {
      clearTimeout(timer);
      controller?.abort();
      resolve();
    };
    watch
      .watch(
        `/api/v1/namespaces/${namespace}/pods`,
        { labelSelector: `job-name=${name}`, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        settle,
        settle,
      )
      .then(
        (made) => {
          controller = made;
        },
        () => setTimeout(settle, 250),
      );
  });
}

/** Waits until the pod of a job runs. Throws `sandbox-unavailable` with the cluster's own words when it will not, and `cancelled`. */
export async function waitForPod(api: ClusterApi, place: JobPlace, startSeconds: number, isStopped: () => boolean): Promise<string> {
  const { namespace, name } = place;
  const deadline = Date.now() + startSeconds * 1000;
  let last = 'no pod was made';
  while (Date.now() < deadline) {
    if (isStopped()) throw new Failure('cancelled', `the job ${name} was cancelled while its pod started`);
    const list = await api.core.listNamespacedPod({ namespace, labelSelector: `job-name=${name}` });
    const [pod] = list.items;
    if (pod !== undefined && isPodRunning(pod)) return pod.metadata?.name ?? '';
    const why = pod === undefined ? null : trouble(pod);
    if (why !== null) throw new Failure('sandbox-unavailable', `the pod of a job does not start: ${oneLine(why, 300)}`);
    if (pod === undefined) {
      const refused = await whyNoPod(api, place);
      if (refused !== null && !FOR_NOW.test(refused))
        throw new Failure('sandbox-unavailable', `the cluster makes no pod: ${oneLine(refused, 300)}`);
      last = refused ?? last;
    } else {
      last =
        pod.status?.conditions?.find(({ status, message }) => status === 'False' && message !== undefined)?.message ??
        pod.status?.phase ??
        last;
    }
    await nextChange(api, place, list.metadata?.resourceVersion);
  }
  throw new Failure('sandbox-unavailable', `the pod of a job did not start within ${startSeconds} s: ${oneLine(last, 200)}`);
}

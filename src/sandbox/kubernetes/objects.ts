import { createHash } from 'node:crypto';
import type { V1Job, V1NetworkPolicy } from '@kubernetes/client-node';
import type { SandboxJob } from '../contract.ts';
import { DEPS } from '../job-environment.ts';
import type { NetworkPlan } from '../network.ts';
import type { Owner } from '../owner.ts';
import { imageOf, type KubernetesOptions } from './options.ts';

/** Labels by which our objects are found, and by which the network policy knows what it holds. */
export const LABELS = { sandbox: 'suture.dev/sandbox', owner: 'suture.dev/owner', machine: 'suture.dev/machine' } as const;
/** Annotations of a job: who drives it, whether it was begun, and a hash of what it was made to be. */
export const NOTES = {
  job: 'suture.dev/job',
  marker: 'suture.dev/marker',
  begun: 'suture.dev/begun',
  spec: 'suture.dev/spec',
  passwd: 'suture.dev/passwd',
} as const;
/** The one container of a pod. */
export const CONTAINER = 'job';
/** Name of the policy that lets nothing in or out of jobs. */
export const POLICY = 'suture-deny-all';

const MIB = 1024 ** 2;
/** The pod ends by itself so long after its job must have, even when nobody is left to end it. */
const GRACE_SECONDS = 60;
/** Longest a job may take by itself: the product's limit for one, and the grace. */
const TTL_SECONDS = 60;
/** Host users of jobs: each has one of its own, because the limit of processes counts by user. Above those of people and services. */
const FIRST_UID = 1_000_000_000;
const UIDS = 1_000_000_000;

/** Name of a job's objects: the same for the same job, so that it is never made twice. */
export function objectName(owner: string, job: string): string {
  return `suture-${createHash('sha256').update(`${owner}\0${job}`).digest('hex').slice(0, 24)}`;
}

/** Lets nothing in and nothing out of any job of the namespace. */
export function denyAll(namespace: string): V1NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: POLICY, namespace, labels: { [LABELS.sandbox]: 'true' } },
    spec: { podSelector: { matchLabels: { [LABELS.sandbox]: 'true' } }, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] },
  };
}

/** Everything that holds a job in, within Pod Security `restricted`: no token, no capabilities, a read-only root, a workspace in memory, limits. */
export function jobObject(
  job: SandboxJob,
  options: KubernetesOptions,
  names: { readonly name: string; readonly namespace: string; readonly owner: Owner; readonly marker: string },
  network: NetworkPlan,
): V1Job {
  const { limits } = job;
  const seconds = Math.ceil(limits.wallClockMs / 1000) + GRACE_SECONDS;
  const uid = FIRST_UID + (Number.parseInt(createHash('sha256').update(names.name).digest('hex').slice(0, 12), 16) % UIDS);
  const labels = { [LABELS.sandbox]: 'true', [LABELS.owner]: names.owner.installation, [LABELS.machine]: names.owner.machine };
  const folder = (name: string, mountPath: string, bytes: number) => ({
    volume: { name, emptyDir: { medium: 'Memory', sizeLimit: String(bytes) } },
    mount: { name, mountPath },
  });
  const folders = [
    folder('workspace', '/workspace', limits.workspaceBytes),
    folder('deps', DEPS, limits.workspaceBytes),
    folder('home', '/home/sandbox', limits.workspaceBytes),
    folder('tmp', '/tmp', 256 * MIB),
  ];
  const object: V1Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: names.name,
      namespace: names.namespace,
      labels,
      annotations: { [NOTES.job]: job.name, [NOTES.marker]: names.marker },
    },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: seconds,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: {
          labels,
          annotations: { [NOTES.passwd]: `root:x:0:0::/nonexistent:/bin/false\nsandbox:x:${uid}:${uid}::/home/sandbox:/bin/sh\n` },
        },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 1,
          hostname: 'sandbox',
          // A resolver that is not there: names of endpoints stand in the hosts file, all others fail at once.
          dnsPolicy: 'None',
          dnsConfig: {
            nameservers: ['127.0.0.1'],
            options: [
              { name: 'timeout', value: '1' },
              { name: 'attempts', value: '1' },
            ],
          },
          hostAliases: network.hosts.map(({ name, address }) => ({ ip: address, hostnames: [name] })),
          ...(options.runtimeClass === undefined ? {} : { runtimeClassName: options.runtimeClass }),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: uid,
            runAsGroup: uid,
            fsGroup: uid,
            seccompProfile:
              options.seccompProfile === undefined
                ? { type: 'RuntimeDefault' }
                : { type: 'Localhost', localhostProfile: options.seccompProfile },
          },
          containers: [
            {
              name: CONTAINER,
              image: imageOf(job, options),
              imagePullPolicy: 'IfNotPresent',
              command: ['sleep', String(seconds)],
              workingDir: '/workspace',
              env: [],
              securityContext: {
                allowPrivilegeEscalation: false,
                privileged: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              resources: {
                requests: { cpu: '100m', memory: String(Math.min(limits.memoryBytes, 128 * MIB)) },
                limits: { cpu: '2', memory: String(limits.memoryBytes), 'ephemeral-storage': String(64 * MIB) },
              },
              volumeMounts: [
                ...folders.map(({ mount }) => mount),
                { name: 'users', mountPath: '/etc/passwd', subPath: 'passwd', readOnly: true },
              ],
            },
          ],
          volumes: [
            ...folders.map(({ volume }) => volume),
            {
              name: 'users',
              downwardAPI: { items: [{ path: 'passwd', mode: 0o444, fieldRef: { fieldPath: `metadata.annotations['${NOTES.passwd}']` } }] },
            },
          ],
        },
      },
    },
  };
  const annotations = {
    ...object.metadata?.annotations,
    [NOTES.spec]: createHash('sha256').update(JSON.stringify(object.spec)).digest('hex'),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

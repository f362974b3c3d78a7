import type { Sandbox } from '../contract.ts';
import { isOrphan, ownMarker } from '../marker.ts';
import { ownerOf } from '../owner.ts';
import { type Finding, type Prepared, preparedSandbox } from '../prepared.ts';
import { clusterFailure, connectCluster } from './api.ts';
import { LABELS, NOTES } from './objects.ts';
import type { KubernetesOptions } from './options.ts';
import { removeJob } from './pod.ts';
import { probeCluster } from './probe.ts';
import { type ClusterHost, runClusterJob } from './run-job.ts';

export type { KubernetesOptions } from './options.ts';

/** What the sandbox of a cluster needs from outside. */
export interface KubernetesSandboxOptions {
  /** Folder of the service's state: jobs of one installation are told apart by it. */
  readonly stateDir: string;
  readonly kubernetes: KubernetesOptions;
  readonly log?: { info(facts: object, message: string): void };
}

/** Jobs that are looked at in a sweep of one namespace. */
const SWEPT_AT_ONCE = 100;

/**
 * Jobs in pods of a cluster, within Pod Security `restricted`: no token, no capabilities, a read-only root, a workspace in memory that is
 * filled and read through the API, and a network policy that lets nothing in or out.
 */
export function createKubernetesSandbox(options: KubernetesSandboxOptions): Sandbox {
  const settings = options.kubernetes;

  async function prepare(): Promise<Prepared<ClusterHost>> {
    const findings: Finding[] = [];
    try {
      const api = await connectCluster(settings);
      const version = await api.version.getCode();
      findings.push({ name: 'cluster', ok: true, detail: version.gitVersion });
      const runtime = settings.runtimeClass === undefined ? 'the default runtime' : `runtime class ${settings.runtimeClass}`;
      const host: ClusterHost = {
        api,
        options: settings,
        owner: ownerOf(options.stateDir),
        marker: ownMarker(),
        isolation: `kubernetes ${version.gitVersion}, ${runtime}, restricted pod, ${settings.seccompProfile === undefined ? "the runtime's seccomp" : 'seccomp'}, cgroup memory, user process limit`,
      };
      findings.push(...(await probeCluster(host, apiServerOf(api.server))));
      if (findings.some((finding) => !finding.ok)) return { kind: 'unavailable', findings };
      options.log?.info({ isolation: host.isolation }, 'sandbox ready');
      return { kind: 'ready', host, findings };
    } catch (error) {
      return {
        kind: 'unavailable',
        findings: [...findings, { name: 'cluster', ok: false, detail: clusterFailure(error, 'answer').message }],
      };
    }
  }

  return {
    id: 'kubernetes',
    platform: `kubernetes ${JSON.stringify([settings.image, settings.images])}`,
    ...preparedSandbox(prepare, runClusterJob),
    async sweep() {
      const api = await connectCluster(settings).catch(() => null);
      const { installation, machine } = ownerOf(options.stateDir);
      const labelSelector = `${LABELS.owner}=${installation},${LABELS.machine}=${machine}`;
      let count = 0;
      for (const namespace of new Set([settings.namespace, ...Object.values(settings.namespaces ?? {})])) {
        const left = await api?.batch.listNamespacedJob({ namespace, labelSelector, limit: SWEPT_AT_ONCE }).catch(() => null);
        for (const { metadata } of left?.items ?? []) {
          // The marker of a try is that of its service, and a number.
          const marker = metadata?.annotations?.[NOTES.marker]?.replace(/\.t\d+$/, '') ?? '';
          if (api !== null && isOrphan(marker))
            count += (await removeJob(api, { namespace, name: metadata?.name ?? '' }).catch(() => false)) ? 1 : 0;
        }
      }
      return count;
    },
  };
}

/** Where the API of the cluster is, as its client was told. */
function apiServerOf(address: string): { readonly host: string; readonly port: number } {
  const { hostname: host, port, protocol } = new URL(address);
  return { host, port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port) };
}

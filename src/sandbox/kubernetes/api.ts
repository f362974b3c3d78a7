import type { BatchV1Api, CoreV1Api, Exec, NetworkingV1Api, VersionApi, Watch } from '@kubernetes/client-node';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { KubernetesOptions } from './options.ts';

/** The parts of a cluster's API that a sandbox uses. */
export interface ClusterApi {
  readonly batch: BatchV1Api;
  readonly core: CoreV1Api;
  readonly networking: NetworkingV1Api;
  readonly version: VersionApi;
  readonly exec: Exec;
  readonly watch: Watch;
  /** Address of the API. */
  readonly server: string;
}

/** Connects by the configured file, or as the pod that the worker runs in. Throws `configuration-invalid`. */
export async function connectCluster({ kubeconfig, context }: KubernetesOptions): Promise<ClusterApi> {
  // Large, and of no use to who has no cluster.
  const client = await import('@kubernetes/client-node');
  const config = new client.KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    const what = kubeconfig === undefined ? 'there is no service account to use; name a kubeconfig' : `${kubeconfig} cannot be read`;
    throw new Failure('configuration-invalid', `sandbox.kubernetes.kubeconfig: ${what}`, { cause });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new Failure(
        'configuration-invalid',
        `sandbox.kubernetes.context: there is no context ${context} in ${kubeconfig ?? 'the pod'}`,
      );
    config.setCurrentContext(context);
  }
  return {
    batch: config.makeApiClient(client.BatchV1Api),
    core: config.makeApiClient(client.CoreV1Api),
    networking: config.makeApiClient(client.NetworkingV1Api),
    version: config.makeApiClient(client.VersionApi),
    exec: new client.Exec(config),
    watch: new client.Watch(config),
    server: config.getCurrentCluster()?.server ?? '',
  };
}

/** The HTTP status of an error of the API; undefined when it never answered. */
export function statusOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** What the API says in an error: its `message`, without the headers that the client adds. */
function said(error: unknown): string {
  const body = typeof error === 'object' && error !== null && 'body' in error ? error.body : undefined;
  const text = /"message":"((?:[^"\\]|\\.)*)"/.exec(typeof body === 'string' ? body : JSON.stringify(body ?? ''))?.[1];
  return oneLine(text ?? (error instanceof Error ? error.message : String(error)), 300);
}

/** An error of the cluster as the sandbox's own. */
export function clusterFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const status = statusOf(error);
  const way =
    status === 403
      ? 'give it the rights of docs/kubernetes-rbac.yaml'
      : status === undefined
        ? 'is the cluster reachable? See sandbox.kubernetes.kubeconfig'
        : 'run `suture doctor sandbox`';
  return new Failure('sandbox-unavailable', `the cluster did not ${what} (${said(error)}); ${way}`, { cause: error });
}

/** Runs a call and gives null for these statuses. */
export async function unlessStatus<T>(statuses: readonly number[], call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}

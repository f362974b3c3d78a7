import type { Profile, SandboxJob } from '../contract.ts';

/** How the cluster is reached and what a job runs in. */
export interface KubernetesOptions {
  /** Kubeconfig file; absent: the service account of the pod that the worker runs in. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace: string;
  /** Namespaces of single owners instead. */
  readonly namespaces?: Readonly<Record<string, string>> | undefined;
  /** Image of jobs, `name@sha256:…`: what runs must not change under a name. */
  readonly image: string;
  readonly images?: Readonly<Partial<Record<Profile, string>>> | undefined;
  readonly runtimeClass?: string | undefined;
  /** File of our own system call filter below the seccomp folder of the nodes; absent: the runtime's default, which lets more through. */
  readonly seccompProfile?: string | undefined;
  /** How long a pod may take to start. */
  readonly startSeconds: number;
  /** Whether a cluster that does not hold pods to network policies is refused; only a test may say no. */
  readonly requireNetworkPolicy?: boolean | undefined;
}

/** The image of a job: that of its profile when it asks for one that has its own. */
export function imageOf(job: Pick<SandboxJob, 'profiles'>, { image, images }: KubernetesOptions): string {
  return job.profiles?.map((profile) => images?.[profile]).find((each) => each !== undefined) ?? image;
}

/** The namespace of a job: its owner's own, where there is one. */
export function namespaceOf(job: Pick<SandboxJob, 'repository'>, { namespace, namespaces }: KubernetesOptions): string {
  const owner = job.repository?.split('/')[0];
  return (owner === undefined ? undefined : namespaces?.[owner]) ?? namespace;
}

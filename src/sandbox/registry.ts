import { join } from 'node:path';
import type { SandboxConfig } from '../config/sandbox-config.schema.ts';
import { Failure } from '../domain/failure.ts';
import { DEFAULT_LIMITS, type Sandbox } from './contract.ts';
import { createDependencyCache } from './dependency-cache.ts';
import { createDockerSandbox, type DockerOptions } from './docker/index.ts';
import { createKubernetesSandbox, type KubernetesOptions } from './kubernetes/index.ts';
import { createLocalSandbox, type LocalSandboxOptions } from './local/index.ts';
import { createSandboxService } from './service.ts';
import { createTrueFoundrySandbox, type JobExchange, type TrueFoundryOptions } from './truefoundry/index.ts';

/** What any backend may need from outside. */
export interface SandboxOptions extends LocalSandboxOptions {
  /** The container engine; absent where none is configured. */
  readonly docker?: DockerOptions | undefined;
  /** The cluster; absent where none is configured. */
  readonly kubernetes?: KubernetesOptions | undefined;
  /** The workspace; absent where none is configured. */
  readonly truefoundry?: TrueFoundryOptions | undefined;
  readonly exchange?: JobExchange | undefined;
}

/** Every sandbox backend: one entry each. */
export const SANDBOXES: ReadonlyArray<{
  readonly id: string;
  readonly name: string;
  readonly create: (options: SandboxOptions) => Sandbox;
}> = [
  { id: 'local', name: 'bubblewrap on this machine: namespaces, seccomp, cgroups or rlimits, no network', create: createLocalSandbox },
  {
    id: 'docker',
    name: 'containers of a Docker or Podman engine: no network, no capabilities, seccomp, cgroups, nothing mounted',
    create({ docker, ...options }) {
      if (docker === undefined)
        throw new Failure('configuration-invalid', 'the sandbox docker is used, but sandbox.docker is missing: name an image there');
      return createDockerSandbox({ ...options, docker });
    },
  },
  {
    id: 'kubernetes',
    name: 'pods of a Kubernetes cluster: Pod Security restricted, no token, deny-all network policy, limits',
    create({ kubernetes, ...options }) {
      if (kubernetes === undefined)
        throw new Failure(
          'configuration-invalid',
          'the sandbox kubernetes is used, but sandbox.kubernetes is missing: name an image there',
        );
      return createKubernetesSandbox({ ...options, kubernetes });
    },
  },
  {
    id: 'truefoundry',
    name: 'runs of a job in a TrueFoundry workspace: limits of the platform, egress as the workspace restricts it',
    create({ truefoundry, exchange, ...options }) {
      if (truefoundry === undefined || exchange === undefined)
        throw new Failure(
          'configuration-invalid',
          'the sandbox truefoundry is used, but sandbox.truefoundry is missing: name a workspace there',
        );
      return createTrueFoundrySandbox({ ...options, truefoundry, exchange });
    },
  },
];

/** Every sandbox that the configuration names, by its id. Throws `configuration-invalid` for one that is unknown or lacks its settings; never takes another one instead. */
export function openBackends(ids: readonly string[], options: SandboxOptions): ReadonlyMap<string, Sandbox> {
  return new Map(
    [...new Set(ids)].map((id) => {
      const found = SANDBOXES.find((sandbox) => sandbox.id === id);
      if (found === undefined)
        throw new Failure('configuration-invalid', `sandbox: ${id} is unknown; known: ${SANDBOXES.map((each) => each.id).join(', ')}`);
      return [id, found.create(options)] as const;
    }),
  );
}

/** What of the service a set of sandboxes needs beside its configuration. */
export interface SandboxSurroundings extends LocalSandboxOptions {
  /** A secret by its name; undefined when nobody gave it. */
  readonly secret: (name: string) => string | undefined;
  /** Files on their way to and from jobs that run elsewhere. */
  readonly exchange: (key: string) => JobExchange;
}

function needed(secret: SandboxSurroundings['secret'], name: string): string {
  const value = secret(name);
  if (value === undefined)
    throw new Failure('configuration-invalid', `sandbox: there is no secret ${name}; put it in the secrets folder, mode 600`);
  return value;
}

/** All sandboxes of a server: behind one door, and each by itself for who looks at them. Throws `configuration-invalid`. */
export function openSandboxes(
  config: SandboxConfig,
  { secret, exchange, ...options }: SandboxSurroundings,
): { readonly service: Sandbox; readonly backends: ReadonlyMap<string, Sandbox> } {
  const ids = [config.backend, ...config.allow.flatMap(({ backends }) => backends)];
  const limits = { ...DEFAULT_LIMITS, memoryBytes: config.memoryBytes, processes: config.processes, workspaceBytes: config.workspaceBytes };
  const elsewhere =
    config.truefoundry === undefined
      ? {}
      : {
          truefoundry: { ...config.truefoundry, token: needed(secret, 'truefoundry-api-key'), limits },
          exchange: exchange(needed(secret, 'exchange-key')),
        };
  const backends = openBackends(ids, {
    ...options,
    toolchains: config.toolchains,
    docker: config.docker,
    kubernetes: config.kubernetes,
    ...elsewhere,
  });
  const secrets = config.secrets.map(({ variable, secret: name, repositories }) => {
    return { variable, value: needed(secret, name), repositories };
  });
  const service = createSandboxService(
    backends,
    {
      backend: config.backend,
      allow: config.allow,
      endpoints: config.endpoints.map((endpoint) => ({ ...endpoint, targetPort: endpoint.targetPort ?? endpoint.port })),
      secrets,
      limits,
    },
    {
      cache: createDependencyCache(join(options.stateDir, 'dependencies')),
      registries: config.registries,
      env: Object.fromEntries(Object.entries(config.registryEnv).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    },
  );
  return { service, backends };
}

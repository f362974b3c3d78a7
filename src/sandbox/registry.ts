import { Failure } from '../domain/failure.ts';
import type { Sandbox } from './contract.ts';
import { createDockerSandbox, type DockerOptions } from './docker/index.ts';
import { createLocalSandbox, type LocalSandboxOptions } from './local/index.ts';

/** What any backend may need from outside. */
export interface SandboxOptions extends LocalSandboxOptions {
  /** The container engine; absent where none is configured. */
  readonly docker?: DockerOptions | undefined;
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
        throw new Failure('configuration-invalid', 'sandbox.backend is docker, but sandbox.docker is missing: name an image there');
      return createDockerSandbox({ ...options, docker });
    },
  },
];

/** The backend that the configuration names. Throws `configuration-invalid` for one that is unknown or lacks its settings; never takes another one instead. */
export function openSandbox(backend: string, options: SandboxOptions): Sandbox {
  const found = SANDBOXES.find((sandbox) => sandbox.id === backend);
  if (found === undefined) throw new Failure('configuration-invalid', `sandbox.backend: ${backend} is unknown`);
  return found.create(options);
}

import type { Sandbox } from './contract.ts';
import { createLocalSandbox, type LocalSandboxOptions } from './local/index.ts';

/** Every sandbox backend: one line each. */
export const SANDBOXES: ReadonlyArray<{
  readonly id: string;
  readonly name: string;
  readonly create: (options: LocalSandboxOptions) => Sandbox;
}> = [{ id: 'local', name: 'bubblewrap on this machine: namespaces, seccomp, cgroups or rlimits, no network', create: createLocalSandbox }];

import type { ContainerCreateOptions } from 'dockerode';
import type { SandboxJob } from '../contract.ts';
import { DEPS } from '../job-environment.ts';
import type { NetworkPlan } from '../network.ts';
import type { Owner } from '../owner.ts';
import { seccompProfile } from '../seccomp-profile.ts';
import { type DockerOptions, imageOf } from './options.ts';

/** Steps run as this user; the process that keeps the container is another one's, which they can neither signal nor look into. */
export const STEP_USER = '1000:1000';
const KEEPER_USER = '65532:65532';

/** Labels by which what is left behind is found. */
export const LABELS = { job: 'suture.job', marker: 'suture.marker', owner: 'suture.owner', machine: 'suture.machine' } as const;

const MIB = 1024 ** 2;
/** The container ends by itself so long after its job must have, even when nobody is left to end it. */
const GRACE_SECONDS = 60;
/** Beside those of the job: the init process, the keeper, and the shell of a step. */
const OWN_PROCESSES = 8;

/** Search path of an image that names none. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const owned = (bytes: number, mode: string): string => `rw,exec,nosuid,nodev,size=${bytes},mode=${mode},uid=1000,gid=1000`;

/** Everything that holds a job in: no network, no capabilities, a read-only root, a workspace in memory, limits. */
export function containerOptions(
  job: SandboxJob,
  options: DockerOptions,
  names: { readonly container: string; readonly marker: string; readonly owner: Owner },
  network: NetworkPlan,
): ContainerCreateOptions {
  const { limits } = job;
  return {
    name: names.container,
    Image: imageOf(job, options),
    User: KEEPER_USER,
    Entrypoint: ['sleep'],
    Cmd: [String(Math.ceil(limits.wallClockMs / 1000) + GRACE_SECONDS)],
    WorkingDir: '/',
    Env: [`PATH=${SEARCH_PATH}`],
    Hostname: 'sandbox',
    // Names of endpoints stand in a file that the engine only writes for containers that might have a network; this one has none either way.
    NetworkDisabled: network.hosts.length === 0,
    Tty: false,
    OpenStdin: false,
    Healthcheck: { Test: ['NONE'] },
    Labels: {
      [LABELS.job]: job.name,
      [LABELS.marker]: names.marker,
      [LABELS.owner]: names.owner.installation,
      [LABELS.machine]: names.owner.machine,
    },
    HostConfig: {
      // An engine that was killed takes what it was starting off its list when it comes back, and nobody finds the process of it any more; we take containers away.
      AutoRemove: false,
      NetworkMode: 'none',
      IpcMode: 'private',
      Dns: ['127.0.0.1'],
      ExtraHosts: network.hosts.map(({ name, address }) => `${name}:${address}`),
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true', `seccomp=${JSON.stringify(seccompProfile())}`],
      Init: true,
      Memory: limits.memoryBytes,
      MemorySwap: limits.memoryBytes,
      PidsLimit: limits.processes + OWN_PROCESSES,
      OomScoreAdj: 500,
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: 4096, Hard: 4096 },
        { Name: 'fsize', Soft: limits.fileBytes, Hard: limits.fileBytes },
      ],
      Tmpfs: {
        '/workspace': owned(limits.workspaceBytes, '0755'),
        '/tmp': owned(256 * MIB, '1777'),
        '/home/sandbox': owned(limits.workspaceBytes, '0700'),
        [DEPS]: owned(limits.workspaceBytes, '0755'),
      },
      ShmSize: 64 * MIB,
      LogConfig: { Type: 'none', Config: {} },
      ...(options.runtime === undefined ? {} : { Runtime: options.runtime }),
    },
  };
}

import type { ContainerCreateOptions } from 'dockerode';
import type { SandboxJob } from '../contract.ts';
import type { DockerOptions } from './options.ts';
import { seccompProfile } from './seccomp-profile.ts';

/** Steps run as this user; the process that keeps the container is another one's, which they can neither signal nor look into. */
export const STEP_USER = '1000:1000';
const KEEPER_USER = '65532:65532';

/** Labels by which what is left behind is found. */
export const LABELS = { job: 'suture.job', marker: 'suture.marker', owner: 'suture.owner' } as const;

const MIB = 1024 ** 2;
/** The container ends by itself so long after its job must have, even when nobody is left to end it. */
const GRACE_SECONDS = 60;
/** Beside those of the job: the init process, the keeper, and the shell of a step. */
const OWN_PROCESSES = 8;

const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of steps: nothing of the service's, and nothing of the image's but its search path. */
export function environment(job: SandboxJob, imagePath: string | undefined): string[] {
  const values = {
    PATH: imagePath ?? SEARCH_PATH,
    HOME: '/home/sandbox',
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
    CI: 'true',
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    PIP_NO_INDEX: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    ...job.env,
  };
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

const owned = (bytes: number, mode: string): string => `rw,exec,nosuid,nodev,size=${bytes},mode=${mode},uid=1000,gid=1000`;

/** Everything that holds a job in: no network, no capabilities, a read-only root, a workspace in memory, limits. */
export function containerOptions(
  job: SandboxJob,
  options: DockerOptions,
  names: { readonly container: string; readonly marker: string; readonly owner: string },
): ContainerCreateOptions {
  const { limits } = job;
  return {
    name: names.container,
    Image: options.image,
    User: KEEPER_USER,
    Entrypoint: ['sleep'],
    Cmd: [String(Math.ceil(limits.wallClockMs / 1000) + GRACE_SECONDS)],
    WorkingDir: '/',
    Env: [`PATH=${SEARCH_PATH}`],
    Hostname: 'sandbox',
    NetworkDisabled: true,
    Tty: false,
    OpenStdin: false,
    Healthcheck: { Test: ['NONE'] },
    Labels: { [LABELS.job]: job.name, [LABELS.marker]: names.marker, [LABELS.owner]: names.owner },
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      IpcMode: 'private',
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
        '/home/sandbox': owned(64 * MIB, '0700'),
      },
      ShmSize: 64 * MIB,
      LogConfig: { Type: 'none', Config: {} },
      ...(options.runtime === undefined ? {} : { Runtime: options.runtime }),
    },
  };
}

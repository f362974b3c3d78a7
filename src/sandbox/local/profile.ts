import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { SandboxLimits } from '../contract.ts';
import { DEPS } from '../job-environment.ts';
import { SUPERVISOR, type SYNTHETIC } from './static-files.ts';
import type { Toolchain } from './toolchains.ts';

/** What differs between two sandboxes. */
export interface ProfileInput {
  readonly limits: SandboxLimits;
  readonly toolchains: readonly Toolchain[];
  readonly env: Readonly<Record<string, string>>;
  /** Descriptor numbers as bubblewrap sees them. */
  readonly descriptors: {
    readonly seccomp: number;
    readonly status: number;
    readonly supervisor: number;
    readonly synthetic: Readonly<Record<keyof typeof SYNTHETIC, number>>;
  };
}

const MIB = 1024 ** 2;
const TMP_BYTES = 256 * MIB;
const SMALL_BYTES = 64 * MIB;
const PIPES_BYTES = MIB;

/** Files of `/proc` that tell about the host's kernel or other users. */
const MASKED = ['kallsyms', 'keys', 'key-users', 'timer_list', 'sched_debug', 'kcore', 'latency_stats', 'sysrq-trigger', 'config.gz'];
const ETC = [
  '/etc/alternatives',
  '/etc/ssl/certs',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/mime.types',
];

/** The system folders outside /usr: links on merged systems, folders of their own elsewhere. */
function systemFolders(): string[] {
  return ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap((folder) => {
    if (!existsSync(folder)) {
      return [];
    }
    return lstatSync(folder).isSymbolicLink() ? ['--symlink', readlinkSync(folder), folder] : ['--ro-bind', folder, folder];
  });
}

let cachedSystem: readonly string[] | null = null;
/** The part that depends on the machine only: looked up once. */
function systemArguments(): readonly string[] {
  cachedSystem ??= [
    '--ro-bind',
    '/usr',
    '/usr',
    ...systemFolders(),
    ...ETC.flatMap((path) => ['--ro-bind-try', path, path]),
    '--proc',
    '/proc',
    ...MASKED.filter((name) => existsSync(`/proc/${name}`)).flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
    '--dev',
    '/dev',
  ];
  return cachedSystem;
}

/** PATH inside. */
export function searchPath(toolchains: readonly Toolchain[]): string {
  return [
    ...new Set([
      ...toolchains.flatMap(({ path }) => (path === null ? [] : [path])),
      '/usr/local/bin',
      '/usr/bin',
      '/bin',
      '/usr/sbin',
      '/sbin',
    ]),
  ].join(':');
}

/**
 * bubblewrap's options in the order it works through them. What takes rights away comes first: a list cut short by a dying service
 * then leaves a sandbox without files, never one without walls.
 */
export function profileArguments(input: ProfileInput): string[] {
  const { limits, toolchains, env, descriptors } = input;
  const tmpfs = (path: string, bytes: number): string[] => ['--size', String(bytes), '--tmpfs', path];
  return [
    ['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup'],
    ['--uid', '1000', '--gid', '1000', '--hostname', 'sandbox', '--die-with-parent', '--new-session'],
    ['--cap-drop', 'ALL', '--disable-userns', '--assert-userns-disabled', '--clearenv'],
    ['--seccomp', String(descriptors.seccomp), '--json-status-fd', String(descriptors.status)],
    Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    [...systemArguments()],
    tmpfs('/tmp', TMP_BYTES),
    tmpfs('/home/sandbox', limits.workspaceBytes),
    tmpfs('/dev/shm', SMALL_BYTES),
    tmpfs('/run', PIPES_BYTES),
    tmpfs('/workspace', limits.workspaceBytes),
    tmpfs(DEPS, limits.workspaceBytes),
    toolchains.flatMap(({ source, target }) => (source === null ? [] : ['--ro-bind', source, target])),
    Object.entries(descriptors.synthetic).flatMap(([path, fd]) => ['--perms', '0444', '--ro-bind-data', String(fd), path]),
    // Executable but not readable: this is what makes the supervisor non-dumpable, see driver.ts.
    ['--perms', '0111', '--ro-bind-data', String(descriptors.supervisor), SUPERVISOR],
    ['--remount-ro', '/', '--chdir', '/workspace'],
  ].flat();
}

import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { Profile, Sandbox } from '../contract.ts';
import { ownMarker } from '../marker.ts';
import { type Finding, type Prepared, preparedSandbox } from '../prepared.ts';
import { type CgroupBase, cgroupView, createCgroupGuard, findCgroupBase } from './cgroup.ts';
import { findToolchains } from './find-toolchains.ts';
import { findTools } from './find-tools.ts';
import { createIdentities } from './identity.ts';
import { createPollGuard } from './memory-poll.ts';
import { isUsable, limitFinding, probeSandbox } from './preflight.ts';
import { type JobHost, runJob } from './run-job.ts';
import { createStaticFiles } from './static-files.ts';
import { strayDescriptors } from './stray-descriptors.ts';
import { sweepLeftovers } from './sweep.ts';
import { configuredToolchains, type Toolchain } from './toolchains.ts';

/** What the local sandbox needs from outside. */
export interface LocalSandboxOptions {
  /** Folder of the service's state; only files that vanish at once are made in it. */
  readonly stateDir: string;
  /** Host folders with further toolchains: read-only at `/opt/toolchains/<name>`, their `bin` on PATH. */
  readonly toolchains?: readonly string[];
  /** Where to look for bubblewrap and its companions; PATH of the service by default. */
  readonly searchPath?: string;
  readonly log?: { info(facts: object, message: string): void; warn(facts: object, message: string): void };
}

/** Where the tools are on every system that has them; roots pass PATH for anything else. */
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** Toolchains of a job that names none. */
const DEFAULT_PROFILES: readonly Profile[] = ['node', 'python'];

let nextGroup = 0;

/**
 * The sandbox of this machine: bubblewrap with every namespace, a system call filter, no capabilities, no network, a workspace in
 * memory, and limits by control group where one can be made. Refuses to run anything when a part is missing.
 */
export function createLocalSandbox(options: LocalSandboxOptions): Sandbox {
  const folder = join(options.stateDir, 'sandbox');
  const searchPath = options.searchPath ?? SYSTEM_PATH;
  const identities = createIdentities();

  async function prepare(): Promise<Prepared<JobHost>> {
    const findings: Finding[] = [];
    try {
      const tools = await findTools(searchPath);
      findings.push({ name: 'tools', ok: true, detail: `bubblewrap ${tools.bwrapVersion}, prlimit, GNU tar` });
      const identity = identities.acquire();
      identity.release();
      findings.push({
        name: 'host user',
        ok: true,
        detail: identity.uid === null ? 'jobs run as the user of the service' : 'jobs run as a user of their own, never as root',
      });
      const marker = ownMarker();
      const base = findCgroupBase(cgroupView(), `${marker}.probe`);
      findings.push(limitFinding(base));
      const statics = createStaticFiles(folder, tools.sh);
      const bare: JobHost = {
        tools,
        statics,
        toolchainsOf: () => Promise.resolve([]),
        strays: strayDescriptors(),
        grouped: base !== null,
        isolation: describe(tools.bwrapVersion, base),
        acquireIdentity: () => identities.acquire(),
        createGuard(job, alarm) {
          nextGroup += 1;
          return base === null ? createPollGuard(job.limits, alarm) : createCgroupGuard(base, `${marker}.j${nextGroup}`, job.limits);
        },
      };
      const probed = await probeSandbox(bare);
      findings.push(...probed);
      if (probed.some((finding) => !finding.ok)) {
        statics.close();
        return { kind: 'unavailable', findings };
      }
      const configured = configuredToolchains(options.toolchains ?? [], identity.uid !== null);
      const found = new Map<Profile, Promise<readonly Toolchain[]>>();
      const ofProfile = (profile: Profile): Promise<readonly Toolchain[]> => {
        const known = found.get(profile);
        if (known !== undefined) return known;
        const looking = findToolchains(profile, searchPath).then(async (all) => {
          if (await isUsable(bare, profile, [...configured, ...all])) return all;
          options.log?.warn({ profile }, 'a toolchain of the host does not work inside the sandbox; that of /usr is used');
          return [];
        });
        found.set(profile, looking);
        looking.catch(() => found.delete(profile));
        return looking;
      };
      const toolchainsOf: JobHost['toolchainsOf'] = async (job) => {
        const each = await Promise.all((job.profiles ?? DEFAULT_PROFILES).map(ofProfile));
        return [...configured, ...each.flat()];
      };
      const shown = [...configured, ...(await ofProfile('node')), ...(await ofProfile('python'))];
      findings.push({
        name: 'toolchains',
        ok: true,
        detail: shown.flatMap(({ path }) => path ?? []).join(', ') || 'those of /usr',
      });
      options.log?.info({ isolation: bare.isolation }, 'sandbox ready');
      return { kind: 'ready', host: { ...bare, toolchainsOf }, findings };
    } catch (error) {
      if (error instanceof Failure) {
        return { kind: 'unavailable', findings: [...findings, { name: 'sandbox', ok: false, detail: error.message }] };
      }
      throw error;
    }
  }

  return {
    id: 'local',
    platform: `local ${process.arch} ${process.version}`,
    ...preparedSandbox(prepare, runJob),
    sweep: () => sweepLeftovers(folder),
  };
}

function describe(version: string, base: CgroupBase | null): string {
  const limits = base === null ? 'rlimits and memory poll' : `cgroup v${base.version} memory+pids`;
  return `bubblewrap ${version}, seccomp, ${limits}`;
}

import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { Failure } from '../../domain/failure.ts';
import { DEFAULT_LIMITS, type Profile, type SandboxJob } from '../contract.ts';
import type { Finding } from '../prepared.ts';
import type { CgroupBase } from './cgroup.ts';
import { PROGRAMS } from './find-toolchains.ts';
import { type JobHost, runJob } from './run-job.ts';
import type { Toolchain } from './toolchains.ts';
import { namespaceAdvice } from './unavailable.ts';

/** An empty base revision. */
function emptyBase(): Promise<Readable> {
  const archive = pack();
  archive.finalize();
  return Promise.resolve(Readable.from(archive));
}

/** Prints `key=value` lines that say what is in force; every one is looked up in the kernel's own files. */
const LOOK = [
  'echo "uid=$(id -u)"',
  `sed -n 's/^Seccomp:[[:space:]]*/seccomp=/p; s/^NoNewPrivs:[[:space:]]*/privs=/p; s/^CapBnd:[[:space:]]*/caps=/p' /proc/self/status`,
  `echo "interfaces=$(sed -n 's/^ *\\([a-z0-9]*\\):.*/\\1/p' /proc/net/dev | tr '\\n' ' ')"`,
].join('\n');

function probeJob(steps: SandboxJob['steps']): SandboxJob {
  return {
    name: 'preflight',
    openBase: emptyBase,
    files: [],
    steps,
    limits: { ...DEFAULT_LIMITS, wallClockMs: 30_000, workspaceBytes: 16 * 1024 ** 2 },
    env: {},
    artifacts: [],
    collectChanges: null,
  };
}

/** Starts a real sandbox and looks whether what it promises is in force; never throws. */
export async function probeSandbox(host: JobHost): Promise<Finding[]> {
  try {
    const result = await runJob(host, probeJob([{ name: 'look', run: LOOK }]), {});
    const [look] = result.steps;
    const facts = new Map(
      (look?.output ?? '').split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1).trim()]),
    );
    const check = (name: string, ok: boolean, good: string, bad: string): Finding => ({ name, ok, detail: ok ? good : bad });
    return [
      check(
        'user namespaces',
        look?.exitCode === 0,
        'a sandbox starts',
        `a sandbox starts but its command fails: ${look?.output.slice(0, 200) ?? ''}`,
      ),
      check(
        'user',
        facts.get('uid') === '1000',
        'the command runs as an ordinary user',
        'the command does not run as uid 1000: update bubblewrap',
      ),
      check(
        'system call filter',
        facts.get('seccomp') === '2' && facts.get('privs') === '1' && /^0+$/.test(facts.get('caps') ?? ''),
        'loaded, no capabilities, no new privileges',
        'seccomp is not in force: use a kernel with CONFIG_SECCOMP_FILTER',
      ),
      check(
        'network',
        facts.get('interfaces') === 'lo',
        'none but its own loopback',
        `network interfaces are visible inside (${facts.get('interfaces') ?? ''})`,
      ),
    ];
  } catch (error) {
    const said = error instanceof Failure ? error.message : String(error);
    return [{ name: 'user namespaces', ok: false, detail: namespaceAdvice(said) }];
  }
}

/** Whether the program of a profile starts inside with these toolchains; a toolchain that needs more than its own folder must not shadow that of /usr. */
export async function isUsable(host: JobHost, profile: Profile, toolchains: readonly Toolchain[]): Promise<boolean> {
  const run = `${PROGRAMS[profile]} >/dev/null 2>&1`;
  const result = await runJob({ ...host, toolchainsOf: () => Promise.resolve(toolchains) }, probeJob([{ name: 'toolchain', run }]), {});
  return result.steps[0]?.exitCode === 0;
}

/** What limits memory and processes here. */
export function limitFinding(base: CgroupBase | null): Finding {
  return {
    name: 'limits',
    ok: true,
    detail:
      base === null
        ? 'per-process limits and a memory poll ten times a second; for a hard limit on the sum, run with a delegated cgroup v2 subtree (systemd: Delegate=yes)'
        : `control groups version ${base.version} hold memory and processes`,
  };
}

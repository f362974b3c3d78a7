import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { Failure } from '../../domain/failure.ts';
import { DEFAULT_LIMITS } from '../contract.ts';
import type { Finding } from '../prepared.ts';
import { type DockerHost, runDockerJob } from './run-job.ts';

/** Harmless looks at the walls from inside: each line is `name value`. */
const PROBE = `
echo "user $(id -u)"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d ':' | tr -s '\\t ' ' '
echo "routes $(($(wc -l < /proc/net/route) - 1))"
echo "links $(($(wc -l < /proc/net/dev) - 2))"
{ echo x > /usr/probe; } 2>/dev/null && echo 'root writable' || echo 'root read-only'
{ echo x > /proc/sys/kernel/core_pattern; } 2>/dev/null && echo 'kernel writable' || echo 'kernel read-only'
tar --version 2>/dev/null | head -n 1 | grep -q GNU && echo 'tar GNU' || echo 'tar other'
command -v sleep stat chmod cat >/dev/null && echo 'tools all' || echo 'tools missing'
`;

/** What must be seen, and what to do where it is not. */
const WANTED: ReadonlyArray<{ readonly name: string; readonly line: RegExp; readonly way: string }> = [
  { name: 'user', line: /^user 1000$/m, way: 'the engine does not start commands as the user that was asked for' },
  { name: 'capabilities', line: /^CapEff 0+\nCapBnd 0+$/m, way: 'the engine leaves capabilities; take --privileged defaults off it' },
  { name: 'no new privileges', line: /^NoNewPrivs 1$/m, way: 'the engine does not set no-new-privileges' },
  { name: 'system call filter', line: /^Seccomp 2$/m, way: 'the engine runs without seccomp; use one that has it' },
  { name: 'no network', line: /^routes (?:0|-1)\nlinks 1$/m, way: 'the container has a way out; let no plug-in add networks' },
  { name: 'read-only root', line: /^root read-only$/m, way: 'the root of the container can be written' },
  { name: 'kernel settings', line: /^kernel read-only$/m, way: 'kernel settings can be written from a container' },
  { name: 'tar', line: /^tar GNU$/m, way: 'install GNU tar in the image' },
  { name: 'tools', line: /^tools all$/m, way: 'install coreutils in the image' },
];

/** Runs a first job that looks at its own walls; a wall that is missing makes the sandbox unavailable. */
export async function probeContainer(host: DockerHost): Promise<readonly Finding[]> {
  const openBase = async (): Promise<Readable> => {
    const archive = pack();
    archive.finalize();
    return Readable.from(archive);
  };
  try {
    const { steps } = await runDockerJob(
      host,
      {
        name: `probe-${host.marker}`,
        openBase,
        files: [],
        steps: [{ name: 'probe', run: PROBE }],
        limits: { ...DEFAULT_LIMITS, wallClockMs: 60_000, memoryBytes: 256 * 1024 ** 2, workspaceBytes: 16 * 1024 ** 2 },
        env: {},
        artifacts: [],
        collectChanges: null,
      },
      {},
    );
    const said = steps[0]?.output ?? '';
    return WANTED.map(({ name, line, way }) => ({ name, ok: line.test(said), detail: line.test(said) ? 'in force' : way }));
  } catch (error) {
    if (error instanceof Failure) return [{ name: 'first job', ok: false, detail: error.message }];
    throw error;
  }
}

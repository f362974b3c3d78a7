import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { Failure } from '../../domain/failure.ts';
import { DEFAULT_LIMITS } from '../contract.ts';
import type { Finding } from '../prepared.ts';
import { type ClusterHost, runClusterJob } from './run-job.ts';

/** Harmless looks at the walls from inside: each line is `name value`. The last one tries to reach the cluster's own API, which every pod can without a policy. */
const probe = (address: string): string => `
echo "user $(id -u)"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d ':' | tr -s '\\t ' ' '
{ echo x > /usr/probe; } 2>/dev/null && echo 'root writable' || echo 'root read-only'
{ echo x > /proc/sys/kernel/core_pattern; } 2>/dev/null && echo 'kernel writable' || echo 'kernel read-only'
[ -e /var/run/secrets/kubernetes.io ] && echo 'token there' || echo 'token none'
tar --version 2>/dev/null | head -n 1 | grep -q GNU && echo 'tar GNU' || echo 'tar other'
command -v sleep stat chmod cat base64 env prlimit mktemp mkfifo >/dev/null && echo 'tools all' || echo 'tools missing'
node -e "const s=require('net').connect(${address});s.on('connect',()=>{console.log('network open');process.exit()});s.on('error',()=>{console.log('network closed');process.exit()});setTimeout(()=>{console.log('network closed');process.exit()},3000)" 2>/dev/null || echo 'network unknown'
`;

/** What must be seen, and what to do where it is not. */
const WANTED: ReadonlyArray<{ readonly name: string; readonly line: RegExp; readonly way: string }> = [
  { name: 'user', line: /^user [1-9]\d+$/m, way: 'the cluster does not start commands as the user that was asked for' },
  { name: 'capabilities', line: /^CapEff 0+\nCapBnd 0+$/m, way: 'the cluster leaves capabilities' },
  { name: 'no new privileges', line: /^NoNewPrivs 1$/m, way: 'the cluster lets processes gain privileges' },
  {
    name: 'system call filter',
    line: /^Seccomp 2$/m,
    way: 'pods run without seccomp: set seccompDefault on nodes, or a runtime that has it',
  },
  { name: 'read-only root', line: /^root read-only$/m, way: 'the root of the container can be written' },
  { name: 'kernel settings', line: /^kernel read-only$/m, way: 'kernel settings can be written from a pod' },
  { name: 'no token', line: /^token none$/m, way: 'a service account token is mounted into pods; take the webhook away that does it' },
  { name: 'tar', line: /^tar GNU$/m, way: 'install GNU tar in the image' },
  { name: 'tools', line: /^tools all$/m, way: 'install coreutils and util-linux in the image' },
];

/** Runs a first job that looks at its own walls; a wall that is missing makes the sandbox unavailable. */
export async function probeCluster(
  host: ClusterHost,
  apiServer: { readonly host: string; readonly port: number },
): Promise<readonly Finding[]> {
  const openBase = async (): Promise<Readable> => {
    const archive = pack();
    archive.finalize();
    return Readable.from(archive);
  };
  try {
    const run = probe(JSON.stringify({ host: apiServer.host, port: apiServer.port }).replaceAll('"', "'"));
    const { steps } = await runClusterJob(
      host,
      {
        name: `probe-${host.marker}`,
        openBase,
        files: [],
        steps: [{ name: 'probe', run }],
        limits: { ...DEFAULT_LIMITS, wallClockMs: 60_000, memoryBytes: 256 * 1024 ** 2, workspaceBytes: 16 * 1024 ** 2 },
        env: {},
        artifacts: [],
        collectChanges: null,
      },
      {},
    );
    const said = steps[0]?.output ?? '';
    const network = /^network (\w+)$/m.exec(said)?.[1] ?? 'unknown';
    const demanded = host.options.requireNetworkPolicy ?? true;
    const held =
      {
        closed: 'the policy holds: not even the API of the cluster is reached',
        open: 'pods reach the API of the cluster although a policy forbids it: use a network plug-in that holds pods to policies',
        unknown: 'cannot be proved: install node in the image',
      }[network] ?? 'unknown';
    return [
      ...WANTED.map(({ name, line, way }) => ({ name, ok: line.test(said), detail: line.test(said) ? 'in force' : way })),
      { name: 'network policy', ok: network === 'closed' || !demanded, detail: held },
    ];
  } catch (error) {
    if (error instanceof Failure) return [{ name: 'first job', ok: false, detail: error.message }];
    throw error;
  }
}

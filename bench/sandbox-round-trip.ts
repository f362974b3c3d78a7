import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { pack } from 'tar-stream';
import { DEFAULT_LIMITS, type Sandbox, type SandboxJob } from '../src/sandbox/contract.ts';
import { createDockerSandbox } from '../src/sandbox/docker/index.ts';
import { createKubernetesSandbox } from '../src/sandbox/kubernetes/index.ts';
import { createLocalSandbox } from '../src/sandbox/local/index.ts';
import { more, type Part } from './figure.ts';
import { ms, quantile, summary, timed } from './statistics.ts';

const FILES = 2_000;
const FILE_BYTES = 10_240;
const ROUNDS = { local: 20, docker: 8, kubernetes: 5 } as const;
const TARGET_MS = 150;
const run = promisify(execFile);

/** A revision of 2,000 files and 20 MB. */
async function revision(): Promise<Buffer> {
  const archive = pack();
  const parts: Buffer[] = [];
  const reading = (async () => {
    for await (const part of archive) parts.push(part as Buffer);
  })();
  for (let at = 0; at < FILES; at += 1) archive.entry({ name: `src/part-${at % 50}/file-${at}.txt` }, Buffer.alloc(FILE_BYTES, `${at} `));
  archive.finalize();
  await reading;
  return Buffer.concat(parts);
}

/** The plain way: unpack to a folder, change a file, look for what changed, take the folder away. */
async function plainRoundTrip(tar: Buffer, folder: string): Promise<void> {
  const place = await mkdtemp(join(folder, 'plain-'));
  const child = spawn('/bin/sh', ['-c', 'tar -x -f - && echo x > src/part-0/file-0.txt && find . -newer /proc/self -type f > changed'], {
    cwd: place,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end(tar);
  await once(child, 'close');
  await rm(place, { recursive: true });
}

interface Backend {
  readonly id: keyof typeof ROUNDS;
  readonly sandbox: Sandbox;
  readonly plain: string;
  bare(tar: Buffer): Promise<void>;
}

/** Backends that can be had: the local one, and engines that are named by the same variables as the live tests. */
function backends(stateDir: string): readonly Backend[] {
  const { env } = process;
  const searchPath = env['PATH'] ?? '';
  const all: Backend[] = [
    {
      id: 'local',
      sandbox: createLocalSandbox({ stateDir, searchPath }),
      plain: 'unpack, change and remove in a folder',
      bare: (tar) => plainRoundTrip(tar, stateDir),
    },
  ];
  const socketPath = env['SUTURE_TEST_DOCKER_SOCKET'];
  const image = env['SUTURE_TEST_DOCKER_IMAGE'];
  if (socketPath !== undefined && image !== undefined)
    all.push({
      id: 'docker',
      sandbox: createDockerSandbox({ stateDir, docker: { socketPath, image } }),
      plain: 'docker run true',
      bare: async () => {
        await run('docker', ['run', '--rm', '--network', 'none', image, 'true'], { env: { ...env, DOCKER_HOST: `unix://${socketPath}` } });
      },
    });
  const kubeconfig = env['SUTURE_TEST_KUBECONFIG'];
  const kubernetesImage = env['SUTURE_TEST_KUBERNETES_IMAGE'];
  if (kubeconfig !== undefined && kubernetesImage !== undefined)
    all.push({
      id: 'kubernetes',
      sandbox: createKubernetesSandbox({
        stateDir,
        kubernetes: { kubeconfig, namespace: 'suture-jobs', image: kubernetesImage, startSeconds: 120, requireNetworkPolicy: false },
      }),
      plain: 'nothing: there is no pod without a cluster',
      bare: () => Promise.resolve(),
    });
  return all;
}

/** A workspace of 2,000 files in, one changed file out, on every backend that can be had. */
export async function benchSandboxRoundTrip(stop: AbortSignal): Promise<Part> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-bench-round-'));
  const figures: Part['figures'][number][] = [];
  const numbers: Record<string, unknown> = {};
  try {
    const tar = await revision();
    for (const { id, sandbox, plain, bare } of backends(stateDir)) {
      const health = await sandbox.preflight();
      if (!health.available) throw new Error(`the sandbox ${id} is not available`);
      const job = (round: number): SandboxJob => ({
        name: `round-${id}-${round}`,
        openBase: async () => Readable.from([tar]),
        files: [],
        steps: [{ name: 'change', run: 'echo x > src/part-0/file-0.txt' }],
        limits: DEFAULT_LIMITS,
        env: {},
        artifacts: [],
        collectChanges: { only: [] },
      });
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = -2; round < ROUNDS[id]; round += 1) {
        stop.throwIfAborted();
        const plainly = await timed(() => bare(tar));
        const boxed = await timed(async () => {
          const { changes } = await sandbox.run(job(round));
          if (changes.length !== 1) throw new Error(`one file was changed, ${changes.length} came back`);
        });
        if (round < 0) continue;
        ours.push(boxed);
        theirs.push(plainly);
      }
      const mine = summary(ours);
      const other = summary(theirs);
      const target = id === 'local';
      figures.push({
        name: `${id}: 2,000 files in, change set out, p50`,
        ours: ms(mine.p50),
        plain: `${ms(other.p50)} ${plain}`,
        apart: more(mine.p50 - other.p50),
        target: target ? `< ${TARGET_MS} ms` : '-',
        met: target ? mine.p50 < TARGET_MS : null,
      });
      figures.push({
        name: `${id}: the same, p95`,
        ours: ms(quantile(ours, 0.95)),
        plain: ms(quantile(theirs, 0.95)),
        apart: more(quantile(ours, 0.95) - quantile(theirs, 0.95)),
        target: '-',
        met: null,
      });
      numbers[id] = { ours: mine, plain: other };
    }
    return {
      figures,
      notes: ['round trip: a revision of 2,000 files and 20 MB goes in, every file is compared, one changed file comes out'],
      numbers,
    };
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

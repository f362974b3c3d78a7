import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DEFAULT_LIMITS, type SandboxJob } from '../src/sandbox/contract.ts';
import { createLocalSandbox } from '../src/sandbox/local/index.ts';
import { more, type Part } from './figure.ts';
import { ms, summary, timed } from './statistics.ts';

const WARM_UPS = 5;
const ROUNDS = 100;
const TARGET_MS = 25;
/** A tar archive with no entries: two zero blocks. */
const EMPTY_TAR = Buffer.alloc(1024);

async function bareSpawn(): Promise<void> {
  const child = spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } });
  await once(child, 'close');
}

/** A whole sandbox job that runs `true`, from the call to its result with everything taken down, beside a bare spawn of the same command. */
export async function benchSandboxStart(stop: AbortSignal): Promise<Part> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-bench-sandbox-'));
  try {
    const sandbox = createLocalSandbox({ stateDir, ...(process.env['PATH'] === undefined ? {} : { searchPath: process.env['PATH'] }) });
    const job = (name: string): SandboxJob => ({
      name,
      openBase: async () => Readable.from([EMPTY_TAR]),
      files: [],
      steps: [{ name: 'true', run: 'true' }],
      limits: DEFAULT_LIMITS,
      env: {},
      artifacts: [],
      collectChanges: null,
    });
    const health = await sandbox.preflight();
    const bare: number[] = [];
    const boxed: number[] = [];
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      stop.throwIfAborted();
      const plain = await timed(bareSpawn);
      const ours = await timed(async () => {
        const { steps } = await sandbox.run(job(`bench-${round}`));
        if (steps[0]?.exitCode !== 0) throw new Error(`the sandbox could not run true: ${JSON.stringify(steps)}`);
      });
      if (round < 0) continue;
      bare.push(plain);
      boxed.push(ours);
    }
    const ours = summary(boxed);
    const plain = summary(bare);
    const apart = ours.p50 - plain.p50;
    return {
      figures: [
        {
          name: 'sandbox start, p50',
          ours: ms(ours.p50),
          plain: `${ms(plain.p50)} bare spawn`,
          apart: more(apart),
          target: `< +${TARGET_MS} ms`,
          met: apart < TARGET_MS,
        },
        {
          name: 'sandbox start, p99',
          ours: ms(ours.p99),
          plain: `${ms(plain.p99)} bare spawn`,
          apart: more(ours.p99 - plain.p99),
          target: '-',
          met: null,
        },
      ],
      notes: [
        `sandbox: ${ROUNDS} pairs, interleaved; a whole job with an empty workspace, from the call to its result; ${health.isolation}`,
      ],
      numbers: { sandbox: ours, bareSpawn: plain, apartMs: apart },
    };
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

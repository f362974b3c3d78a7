import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DEFAULT_LIMITS, type SandboxJob } from '../src/sandbox/contract.ts';
import { createLocalSandbox } from '../src/sandbox/local/index.ts';
import { ms, quantile, timed } from './statistics.ts';

const ROUNDS = 40;
/** A tar archive with no entries: two zero blocks. */
const EMPTY_TAR = Buffer.alloc(1024);

async function bareSpawn(): Promise<void> {
  const child = spawn('/bin/sh', ['-c', 'true'], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } });
  await once(child, 'close');
}

/** Start of the sandbox beside a bare spawn of the same shell command, interleaved. Target: under 25 ms more at the median. */
export async function benchSandboxStart(print: (line: string) => void): Promise<boolean> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-bench-sandbox-'));
  try {
    const sandbox = createLocalSandbox({ stateDir });
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
    await sandbox.run(job('bench-warm-up'));
    const bare: number[] = [];
    const boxed: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await timed(bareSpawn));
      boxed.push(await timed(() => sandbox.run(job(`bench-${round}`))));
    }
    const more = quantile(boxed, 0.5) - quantile(bare, 0.5);
    print(`sandbox start      ${ms(quantile(boxed, 0.5))} p50 ${ms(quantile(boxed, 0.95))} p95`);
    print(`bare spawn         ${ms(quantile(bare, 0.5))} p50 ${ms(quantile(bare, 0.95))} p95`);
    print(`difference         ${ms(more)} p50   target < 25 ms: ${more < 25 ? 'met' : 'MISSED'}`);
    return more < 25;
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

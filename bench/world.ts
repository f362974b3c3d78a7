import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../src/cli/child.ts';
import type { TemporalConnection } from '../src/temporal/connection.ts';
import { connectLazily, findTemporalExecutable, startDevServer } from '../src/temporal/index.ts';

/** A dev server on a state folder of its own, and our real processes beside it. */
export interface BenchWorld {
  readonly stateDir: string;
  /** Ends the server and starts it again on the same address and database, which must be a file. */
  restartServer(): Promise<void>;
  readonly connection: TemporalConnection;
  readonly serverPid: number;
  /** Starts one of our roots with this Node and waits until it says that it is ready. */
  start(name: string, script: URL): Promise<Child>;
}

const NAMESPACE = 'default';

/** Runs `work` with a fresh server and folder; ends and removes everything whatever happens. `config` is the content of `config.yml`; the server keeps its database in a file as the product does, in one that is written through now and then only, with timers that may be late by half a second, or in memory. */
export async function withWorld<Result>(
  config: object,
  database: 'file' | 'memory' | 'hasty file',
  work: (world: BenchWorld) => Promise<Result>,
): Promise<Result> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-bench-'));
  const undo: Array<() => Promise<unknown>> = [() => rm(stateDir, { recursive: true, force: true })];
  try {
    // YAML reads JSON.
    await writeFile(join(stateDir, 'config.yml'), JSON.stringify(config));
    const logs = join(stateDir, 'logs');
    await mkdir(logs);
    const startServer = (port: number) =>
      startDevServer({
        executable: findTemporalExecutable({ setting: process.env['SUTURE_TEMPORAL_EXECUTABLE'], env: process.env }),
        ...(database === 'memory' ? {} : { dbFile: join(stateDir, 'temporal.db') }),
        ...(database === 'hasty file' ? { synchronous: 'normal' as const, timerLooks: 2 } : {}),
        port,
        uiPort: 0,
        namespace: NAMESPACE,
        logFile: join(logs, 'temporal.log'),
        headless: true,
      });
    let server = await startServer(0);
    undo.push(() => server.stop());
    const connection = connectLazily({ address: server.address, namespace: NAMESPACE });
    undo.push(() => connection.close());
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: stateDir,
      SUTURE_STATE_DIR: stateDir,
      SUTURE_TEMPORAL_ADDRESS: server.address,
      SUTURE_INGRESS_PORT: '0',
    };
    return await work({
      stateDir,
      connection,
      serverPid: server.pid,
      async restartServer() {
        await server.stop();
        server = await startServer(Number(server.address.split(':').at(-1)));
      },
      async start(name, script) {
        const child = await startChild({ name, script: fileURLToPath(script), env, logFile: join(logs, `${name}.log`) });
        undo.push(() => child.stop());
        return child;
      },
    });
  } finally {
    for (const step of undo.reverse())
      await step().catch((error: unknown) => process.stderr.write(`while cleaning up: ${String(error)}\n`));
  }
}

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadConfig, loadSecrets, parseRepositoryPolicy } from '../config/index.ts';
import { createLocalForgeService } from '../integrations/local/service.ts';
import { integrations } from '../integrations/registry.ts';
import { createLogger } from '../lib/logger.ts';
import { createRedactor } from '../lib/redact.ts';
import { DEFAULT_LIMITS } from '../sandbox/contract.ts';
import { createLocalSandbox } from '../sandbox/local/index.ts';
import type { Healings } from '../temporal/contract.ts';
import { connectLazily, createHealings, findTemporalExecutable, startDevServer } from '../temporal/index.ts';
import { type Child, startChild } from './child.ts';

/** Everything of one machine, running. */
export interface Runtime {
  readonly stateDir: string;
  readonly temporalAddress: string;
  readonly webUi: string | undefined;
  readonly ingressUrl: string;
  readonly healings: Healings;
  stop(): Promise<void>;
}

/** A child that dies is started again, at most so often a minute. */
const RESTARTS_PER_MINUTE = 6;

const script = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Start dev server, worker, ingress and the local forge's own machinery; what was started is stopped when a later part fails. */
export async function startRuntime(options: {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent?: (text: string) => void;
  /** Another root in the worker's place: one that wraps the activities. */
  readonly workerScript?: string;
}): Promise<Runtime> {
  const { stateDir, env } = options;
  const { config } = loadConfig({ stateDir, env, integrations });
  const secrets = loadSecrets(stateDir, env);
  const redact = createRedactor(secrets.all().map((secret) => secret.reveal()));
  const logs = join(stateDir, 'logs');
  await mkdir(logs, { recursive: true });
  await mkdir(join(stateDir, 'run'), { recursive: true });
  const undo: Array<() => Promise<unknown>> = [];
  let stopping = false;
  let stopped: Promise<void> | null = null;
  // Whoever asks again waits for the first stop: an interrupted command must not exit over processes that still end.
  const stop = () => {
    stopping = true;
    stopped ??= (async () => {
      for (const step of undo.splice(0).reverse())
        await step().catch((error: unknown) => options.onEvent?.(`while stopping: ${String(error)}`));
    })();
    return stopped;
  };
  try {
    let address = config.temporal.address;
    let webUi = env['SUTURE_WEB_UI_URL'];
    if (address === undefined) {
      const server = await startDevServer({
        executable: findTemporalExecutable({ setting: config.temporal.executable, env }),
        dbFile: join(stateDir, 'temporal.db'),
        port: config.temporal.port,
        uiPort: config.temporal.uiPort,
        namespace: config.temporal.namespace,
        logFile: join(logs, 'temporal.log'),
      });
      undo.push(() => server.stop());
      address = server.address;
      webUi = server.uiUrl;
    }
    const childEnv: Record<string, string> = Object.fromEntries(
      Object.entries(env).filter(
        (entry): entry is [string, string] =>
          entry[1] !== undefined && (entry[0].startsWith('SUTURE_') || ['PATH', 'HOME', 'TZ', 'LANG'].includes(entry[0])),
      ),
    );
    Object.assign(childEnv, {
      SUTURE_STATE_DIR: stateDir,
      SUTURE_TEMPORAL_ADDRESS: address,
      ...(webUi === undefined ? {} : { SUTURE_WEB_UI_URL: webUi }),
    });

    const scripts = { worker: options.workerScript ?? script('worker.ts'), ingress: script('ingress.ts') };
    const keep = async (name: 'worker' | 'ingress', fixed: Readonly<Record<string, string>>): Promise<Child> => {
      const begin = (more: Readonly<Record<string, string>>) =>
        startChild({ name, script: scripts[name], env: { ...childEnv, ...fixed, ...more }, logFile: join(logs, `${name}.log`) });
      const first = await begin({});
      let current = first;
      undo.push(() => current.stop());
      const listening = first.ready['listening'];
      // A restarted ingress must be found where it was.
      const again: Record<string, string> = typeof listening === 'string' ? { SUTURE_INGRESS_PORT: new URL(listening).port } : {};
      const restarts: number[] = [];
      const watch = async (): Promise<void> => {
        for (;;) {
          const code = await current.ended;
          if (stopping) return;
          restarts.push(Date.now());
          const recent = restarts.filter((at) => at > Date.now() - 60_000).length;
          options.onEvent?.(
            `${name} ended (${code ?? 'killed'}); ${recent > RESTARTS_PER_MINUTE ? 'it dies too often and stays down' : 'starting it again'}`,
          );
          if (recent > RESTARTS_PER_MINUTE) return;
          await delay(200 * 2 ** recent);
          if (stopping) return;
          current = await begin(again);
        }
      };
      watch().catch((error: unknown) =>
        options.onEvent?.(`${name} cannot be started again: ${error instanceof Error ? error.message : String(error)}`),
      );
      return first;
    };
    const [, ingress] = await Promise.all([keep('worker', {}), keep('ingress', {})]);
    const ingressUrl = String(ingress.ready['listening']);

    const log = createLogger({ name: 'forge', level: config.logLevel === 'info' ? 'warn' : config.logLevel, redact });
    const [hookSecret] = secrets.get('local-webhook');
    const service = createLocalForgeService({
      stateDir,
      sandbox: createLocalSandbox({
        stateDir,
        toolchains: config.sandbox.toolchains,
        ...(env['PATH'] === undefined ? {} : { searchPath: env['PATH'] }),
      }),
      limits: {
        ...DEFAULT_LIMITS,
        memoryBytes: config.sandbox.memoryBytes,
        processes: config.sandbox.processes,
        workspaceBytes: config.sandbox.workspaceBytes,
      },
      readChecks: (text) => parseRepositoryPolicy(text).checks,
      hook: hookSecret === undefined ? null : { url: `${ingressUrl}/webhooks/local`, secret: hookSecret.reveal() },
      log,
    });
    await service.start();
    undo.push(() => service.stop());

    const connection = connectLazily({ address, namespace: config.temporal.namespace });
    undo.push(() => connection.close());
    const healings = createHealings(connection.client, {
      taskQueue: config.temporal.taskQueue,
      namespace: config.temporal.namespace,
      ...(webUi === undefined ? {} : { webUi }),
    });
    const record = join(stateDir, 'run', 'runtime.json');
    await writeFile(`${record}.new`, JSON.stringify({ pid: process.pid, temporalAddress: address, webUi, ingressUrl }));
    await rename(`${record}.new`, record);
    undo.push(() => rm(record, { force: true }));
    return { stateDir, temporalAddress: address, webUi, ingressUrl, healings, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

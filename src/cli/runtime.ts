import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, loadSecrets, parseRepositoryPolicy } from '../config/index.ts';
import { createLocalForgeService } from '../integrations/local/service.ts';
import { integrations } from '../integrations/registry.ts';
import { createLogger } from '../lib/logger.ts';
import { createRedactor } from '../lib/redact.ts';
import { DEFAULT_LIMITS } from '../sandbox/contract.ts';
import { openSandboxes } from '../sandbox/registry.ts';
import { createExchange } from '../store/exchange.ts';
import type { Healings } from '../temporal/contract.ts';
import type { DevServer } from '../temporal/dev-server.ts';
import { connectLazily, createHealings, findTemporalExecutable, startDevServer } from '../temporal/index.ts';
import { type Child, startChild } from './child.ts';
import { type Kept, keepRunning, type RestartPolicy } from './keep-running.ts';
import { announceRunning } from './running.ts';
import { watchDisk } from './watch-disk.ts';

/** Everything of one machine, running. */
export interface Runtime {
  readonly stateDir: string;
  readonly temporalAddress: string;
  readonly webUi: string | undefined;
  readonly ingressUrl: string;
  readonly healings: Healings;
  /** Ids of the processes that run now; no server where an address was configured. */
  pids(): { readonly worker: number; readonly ingress: number; readonly server?: number };
  stop(): Promise<void>;
}

const portOf = (url: string): number => Number(new URL(url).port);
const script = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Start dev server, worker, ingress and the local forge's own machinery; what was started is stopped when a later part fails. */
export async function startRuntime(options: {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onEvent?: (text: string) => void;
  /** Whether others may rely on it until it is told to stop; default true. */
  readonly serves?: boolean;
  /** Another root in the worker's place: one that wraps the activities. */
  readonly workerScript?: string;
  /** When what died is started again; default `RESTARTS`. */
  readonly restarts?: RestartPolicy;
}): Promise<Runtime> {
  const { stateDir, env } = options;
  const { config } = loadConfig({ stateDir, env, integrations });
  const secrets = loadSecrets(stateDir, env);
  const redact = createRedactor(secrets.all().map((secret) => secret.reveal()));
  const logs = join(stateDir, 'logs');
  await mkdir(logs, { recursive: true });
  const undo: Array<() => Promise<unknown>> = [];
  let stopped: Promise<void> | null = null;
  // Whoever asks again waits for the first stop: an interrupted command must not exit over processes that still end.
  const stop = () => {
    stopped ??= (async () => {
      for (const step of undo.splice(0).reverse())
        await step().catch((error: unknown) => options.onEvent?.(`while stopping: ${String(error)}`));
    })();
    return stopped;
  };
  const policy = {
    ...(options.restarts === undefined ? {} : { restarts: options.restarts }),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  };
  try {
    let address = config.temporal.address;
    let webUi = env['SUTURE_WEB_UI_URL'];
    let server: Kept<DevServer> | undefined;
    if (address === undefined) {
      const executable = findTemporalExecutable({ setting: config.temporal.executable, env });
      const kept = await keepRunning({
        name: 'the Temporal server',
        // Everybody else knows its address, so it comes back at its ports, with its file.
        begin: (previous: DevServer | null) =>
          startDevServer({
            executable,
            dbFile: join(stateDir, 'temporal.db'),
            port: previous === null ? config.temporal.port : portOf(`http://${previous.address}`),
            uiPort: previous === null ? config.temporal.uiPort : portOf(previous.uiUrl),
            namespace: config.temporal.namespace,
            logFile: join(logs, 'temporal.log'),
          }),
        ...policy,
      });
      undo.push(() => kept.stop());
      server = kept;
      address = kept.current().address;
      webUi = kept.current().uiUrl;
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
    const keep = async (name: 'worker' | 'ingress', again: (previous: Child) => Readonly<Record<string, string>>) => {
      const begin = (previous: Child | null) =>
        startChild({
          name,
          script: scripts[name],
          env: { ...childEnv, ...(previous === null ? {} : again(previous)) },
          logFile: join(logs, `${name}.log`),
        });
      const kept = await keepRunning({ name, begin, ...policy });
      undo.push(() => kept.stop());
      return kept;
    };
    const starting = [
      keep('worker', () => ({})),
      // A restarted ingress must be found where it was.
      keep('ingress', ({ ready }) => ({ SUTURE_INGRESS_PORT: new URL(String(ready['listening'])).port })),
    ] as const;
    // When one cannot start the other has to be there to be stopped.
    await Promise.allSettled(starting);
    const [worker, ingress] = await Promise.all(starting);
    const ingressUrl = String(ingress.current().ready['listening']);

    const log = createLogger({ name: 'forge', level: config.logLevel === 'info' ? 'warn' : config.logLevel, redact });
    const [hookSecret] = secrets.get('local-webhook');
    const service = createLocalForgeService({
      stateDir,
      sandbox: openSandboxes(config.sandbox, {
        stateDir,
        secret: (name) => secrets.get(name)[0]?.reveal(),
        exchange: (key) => createExchange(join(stateDir, 'exchange'), key),
        ...(env['PATH'] === undefined ? {} : { searchPath: env['PATH'] }),
      }).service,
      limits: {
        ...DEFAULT_LIMITS,
        memoryBytes: config.sandbox.memoryBytes,
        processes: config.sandbox.processes,
        workspaceBytes: config.sandbox.workspaceBytes,
      },
      readChecks: (text) => {
        const { checks, sandbox, dependencies } = parseRepositoryPolicy(text);
        return checks.map((check) => ({ ...check, sandbox, dependencies }));
      },
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
    undo.push(
      await announceRunning(stateDir, {
        serves: options.serves ?? true,
        temporalAddress: address,
        ...(webUi === undefined ? {} : { webUi }),
        ingressUrl,
      }),
    );
    const unwatch = watchDisk(stateDir, (text) => options.onEvent?.(text));
    undo.push(() => Promise.resolve(unwatch()));
    const pids = () => ({
      worker: worker.current().pid,
      ingress: ingress.current().pid,
      ...(server === undefined ? {} : { server: server.current().pid }),
    });
    return { stateDir, temporalAddress: address, webUi, ingressUrl, healings, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

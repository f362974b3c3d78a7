import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAgent } from './cli/agents/open.ts';
import { openServed } from './cli/agents/served.ts';
import { endFailed } from './cli/end-failed.ts';
import { bearersOf, loadConfig, loadSecrets, settingsFrom, stateFolder } from './config/index.ts';
import { Failure } from './domain/failure.ts';
import { healingId } from './domain/ids.ts';
import { createApp, createHttpServer } from './http/app.ts';
import { createPatience } from './http/patience.ts';
import type { AlertSource } from './integrations/contract.ts';
import { integrations } from './integrations/registry.ts';
import { createLogger } from './lib/logger.ts';
import { createRedactor } from './lib/redact.ts';
import { endWithParent } from './lib/with-parent.ts';
import { createArtifactStore } from './store/artifact-store.ts';
import { createExchange } from './store/exchange.ts';
import { connectLazily, createHealings } from './temporal/index.ts';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** What is under way may be finished for so long after the order to stop. */
const GRACE_MS = 4_000;
const IDLE_SWEEP_MS = 50;

/** What to do about an address that cannot be listened on; null for an error of another kind. */
function listenProblem(code: string | undefined, host: string, port: number): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} for the ingress is taken; stop what listens there, or set SUTURE_INGRESS_PORT (0 picks a free one)`;
    case 'EACCES':
      return `this user may not listen on port ${port}; set SUTURE_INGRESS_PORT to one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine; set SUTURE_INGRESS_HOST to one, such as 127.0.0.1`;
    default:
      return null;
  }
}

/** Root of the front door: configuration -> alert sources -> Express -> listen. */
async function main(): Promise<void> {
  const stateDir = stateFolder(process.env);
  const loaded = loadConfig({ stateDir, env: process.env, integrations });
  const { config } = loaded;
  const secrets = loadSecrets(stateDir, process.env);
  const log = createLogger({
    name: 'ingress',
    level: config.logLevel,
    redact: createRedactor(secrets.all().map((secret) => secret.reveal())),
  });
  const artifacts = createArtifactStore(join(stateDir, 'artifacts'));
  const sources = new Map<string, AlertSource>();
  for (const integration of integrations) {
    if (integration.alertSource === undefined) continue;
    sources.set(
      integration.id,
      integration.alertSource({
        config: loaded.integrations.get(integration.id),
        stateDir,
        secret: (name) => secrets.get(name).map((secret) => secret.reveal()),
        readArtifact: (ref) => artifacts.get(ref),
      }),
    );
  }
  const connection = connectLazily({
    address: config.temporal.address ?? `127.0.0.1:${config.temporal.port}`,
    namespace: config.temporal.namespace,
  });
  const webUi = process.env['SUTURE_WEB_UI_URL'];
  const healings = createHealings(connection.client, {
    taskQueue: config.temporal.taskQueue,
    namespace: config.temporal.namespace,
    ...(webUi === undefined ? {} : { webUi }),
  });
  const patience = createPatience();
  const now = () => new Date();
  const bearer = (door: 'agents' | 'decisions') => bearersOf(config, secrets.get('decision-token'), { now, door });
  const served = openServed({ env: process.env, loaded, secrets, healings, log });
  const app = createApp({
    sources,
    patience,
    report: healings.report,
    forward: healings.forward,
    command: healings.command,
    ping: healings.ping,
    settings: settingsFrom(config),
    webUiUrl: (signal) => healings.webUiUrl(healingId(signal.repo, signal.subject)),
    received: async (signal, id) => {
      await served.audit.append({
        key: `signal/${signal.source}/${signal.id}`,
        action: 'signal-received',
        actor: signal.actor.id,
        healingId: id,
        repo: `${signal.repo.owner}/${signal.repo.name}`,
        facts: { source: signal.source, kind: signal.kind, subject: signal.subject },
      });
    },
    decisions: {
      bearer: bearer('decisions'),
      decide: healings.decide,
      delegate: healings.delegate,
      view: healings.view,
      refused: async ({ key, healingId: id, actor, facts }) => {
        await served.audit.append({ key, action: 'decision-refused', actor, healingId: id, facts });
      },
      log,
    },
    ...(config.sandbox.truefoundry === undefined
      ? {}
      : { exchange: createExchange(join(stateDir, 'exchange'), secrets.get('exchange-key')[0]?.reveal() ?? '') }),
    ...(config.agents.serve.length === 0
      ? {}
      : {
          agents: {
            served: config.agents.serve.map((id) => openAgent(id, served)),
            deps: { bearer: bearer('agents'), hosts: config.agents.hosts, perSecond: config.agents.callsPerSecond, now, log },
          },
        }),
    log,
    now,
    perSecond: config.ingress.deliveriesPerSecond,
  });
  const server = createHttpServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = listenProblem(error.code, config.ingress.host, config.ingress.port);
      reject(problem === null ? error : new Failure('configuration-invalid', problem));
    });
    server.listen(config.ingress.port, config.ingress.host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  const record = join(stateDir, 'run', 'ingress.json');
  await mkdir(join(stateDir, 'run'), { recursive: true });
  const ours = JSON.stringify({ pid: process.pid, url });
  await writeFile(`${record}.${process.pid}`, ours);
  await rename(`${record}.${process.pid}`, record);
  log.info({ url }, 'listening');
  if (!LOOPBACK.test(address.address)) log.warn({ url }, 'reachable from outside without TLS; put a proxy that terminates it in front');
  process.stdout.write(`${JSON.stringify({ listening: url })}\n`);
  const stop = () => {
    log.info({}, 'stopping');
    const end = async () => {
      // Another ingress may have taken the place already; its record stays.
      const current = await readFile(record, 'utf8').catch(() => '');
      if (current === ours) await rm(record, { force: true });
      // Whoever was answered before it was stored hears that it was not.
      await patience.stop();
      await connection.close();
    };
    server.close(() => {
      end().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
    // Kept-alive connections become idle one by one as their last request is answered.
    setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS).unref();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
    setTimeout(() => process.exit(1), GRACE_MS + 750).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  endWithParent(stop);
}

main().catch(endFailed);

import { once } from 'node:events';
import { userInfo } from 'node:os';
import type { McpServer } from '@modelcontextprotocol/server';
import { serveOnStdio } from '../../agents/stdio.ts';
import { bearersOf, type LoadedConfig, loadConfig, loadSecrets, stateFolder } from '../../config/index.ts';
import type { Secrets } from '../../config/secrets.ts';
import { AGENT_IDS, type AgentId } from '../../domain/agent-id.ts';
import { Failure } from '../../domain/failure.ts';
import type { Actor } from '../../domain/signal.schema.ts';
import { createAgentApp } from '../../http/agent-app.ts';
import type { ServedAgent } from '../../http/agent-route.ts';
import { createHttpServer } from '../../http/app.ts';
import { integrations } from '../../integrations/registry.ts';
import { createLogger } from '../../lib/logger.ts';
import { createRedactor } from '../../lib/redact.ts';
import { openAgent, reasonerServer } from '../agents/open.ts';
import { type AgentLog, openServed } from '../agents/served.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { terminalActor } from './decide.ts';

/** How an agent is served: over its own pipes, or on a port of this machine. */
export interface AgentOptions {
  readonly http?: string;
}

const HOST = '127.0.0.1';

/** Who speaks over the pipes: the holder of the token in the environment, or whoever started this process, who could use the command line as well. */
function pipeCaller(config: LoadedConfig['config'], secrets: Secrets): Actor {
  const token = process.env['SUTURE_AGENT_TOKEN']?.trim();
  if (token === undefined || token === '') return terminalActor(undefined);
  const actor = bearersOf(config, secrets.get('decision-token'), { now: () => new Date(), door: 'agents' })(token);
  if (actor === null) throw new Failure('not-permitted', 'SUTURE_AGENT_TOKEN: nobody holds this token, or it has expired');
  return actor;
}

/** Resolves when this process is told to end. */
function told(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

async function onPipes(server: () => McpServer, log: AgentLog): Promise<void> {
  const serving = serveOnStdio(server, (error) => log.warn({ reason: error.message }, 'message refused'));
  await Promise.race([serving.ended, told()]);
  await serving.close();
}

async function onPort(
  agent: ServedAgent,
  port: number,
  given: { readonly loaded: LoadedConfig; readonly secrets: Secrets; readonly log: AgentLog },
) {
  const { loaded, secrets, log } = given;
  const { agents } = loaded.config;
  const now = () => new Date();
  const bearer = bearersOf(loaded.config, secrets.get('decision-token'), { now, door: 'agents' });
  const app = createAgentApp([agent], { bearer, hosts: agents.hosts, perSecond: agents.callsPerSecond, now, log });
  const server = createHttpServer(app);
  server.listen(port, HOST);
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => {
      throw new Failure('configuration-invalid', `--http ${port}: ${String((error as NodeJS.ErrnoException).code)}; name another port`);
    }),
  ]);
  const address = server.address();
  const url = `http://${HOST}:${typeof address === 'object' && address !== null ? address.port : port}/mcp/${agent.id}`;
  process.stdout.write(`${JSON.stringify({ listening: url })}\n`);
  await told();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** `suture agent <id>`: serves one agent over MCP until it is told to end. On pipes, standard output is the protocol's: the log goes to stderr. */
export async function agent(id: string, options: AgentOptions): Promise<number> {
  const known = AGENT_IDS.find((each) => each === id);
  if (known === undefined) throw new Failure('configuration-invalid', `${id} is no agent; there are: ${AGENT_IDS.join(', ')}`);
  const port = options.http === undefined ? null : Number(options.http);
  if (port !== null && (!Number.isInteger(port) || port < 0 || port > 65_535))
    throw new Failure('configuration-invalid', '--http: must be a port, 0 picks a free one');
  if (known === 'reasoner' && port === null) {
    // It holds nothing, so it is given nothing: no state folder, no secrets.
    const log = createLogger({ name: 'agent', level: 'info', redact: (text) => text });
    await onPipes(() => reasonerServer({ id: userInfo().username, trust: 'maintainer' }, log), log);
    return EXIT_CODES.ok.code;
  }
  await serveKnown(known, port);
  return EXIT_CODES.ok.code;
}

async function serveKnown(id: AgentId, port: number | null): Promise<void> {
  const { SUTURE_AGENT_TOKEN: _token, ...env } = process.env;
  const stateDir = stateFolder(env);
  const loaded = loadConfig({ stateDir, env, integrations });
  const secrets = loadSecrets(stateDir, env);
  const redact = createRedactor(secrets.all().map((secret) => secret.reveal()));
  const log = createLogger({ name: `agent-${id}`, level: loaded.config.logLevel, redact });
  await withHealings(env, async (healings) => {
    const agent = openAgent(id, openServed({ env, loaded, secrets, healings, log }));
    if (port !== null) return onPort(agent, port, { loaded, secrets, log });
    const caller = pipeCaller(loaded.config, secrets);
    return onPipes(() => agent.server(caller), log);
  });
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Express } from 'express';
import { afterEach } from 'vitest';
import { createExecutor } from '../../src/activities/executor.ts';
import type { Agent } from '../../src/agents/agent.ts';
import type { Reasoner } from '../../src/agents/contract.ts';
import { executorAgent } from '../../src/agents/executor/server.ts';
import { createIncidents } from '../../src/agents/incidents.ts';
import { monitorAgent } from '../../src/agents/monitor/server.ts';
import type { Rejection } from '../../src/agents/monitor/tools/end.ts';
import { reasonerAgent } from '../../src/agents/reasoner/server.ts';
import { createAgentServer } from '../../src/agents/server.ts';
import type { AgentTool } from '../../src/agents/tool.ts';
import { bearersOf, parseSandboxJob } from '../../src/config/index.ts';
import { ServerConfig } from '../../src/config/server-config.schema.ts';
import { AGENT_IDS, type AgentId } from '../../src/domain/agent-id.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { healingId } from '../../src/domain/ids.ts';
import type { StopRequest } from '../../src/domain/messages.ts';
import type { Actor } from '../../src/domain/signal.schema.ts';
import { createAgentApp } from '../../src/http/agent-app.ts';
import { createHttpServer } from '../../src/http/app.ts';
import { ManualReport } from '../../src/integrations/manual/request.ts';
import type { Sandbox } from '../../src/sandbox/contract.ts';
import { createReasoner } from '../../src/strategies/reasoner.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { type ActivityWorld, activityWorld } from '../support/activity-world.ts';

/** Bearer tokens of people, by how far they are trusted. */
export const TOKENS = {
  maintainer: 'token-of-the-maintainer',
  collaborator: 'token-of-the-collaborator',
  outsider: 'token-of-the-outsider',
  ended: 'token-that-ended',
} as const;
/** Now, as these tests have it. */
export const NOW = new Date('2026-11-25T12:00:00.000Z');

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The people of a configuration, read as it is read at a start. */
const config = ServerConfig.parse({
  ingress: {
    people: [
      { id: 'mia', trust: 'maintainer', tokenSha256: sha256(TOKENS.maintainer) },
      { id: 'cleo', trust: 'collaborator', tokenSha256: sha256(TOKENS.collaborator) },
      { id: 'otto', trust: 'outsider', tokenSha256: sha256(TOKENS.outsider) },
      { id: 'eve', trust: 'maintainer', tokenSha256: sha256(TOKENS.ended), until: '2026-11-25T11:59:59Z' },
    ],
  },
});

/** What agents of these tests did. */
export interface Did {
  readonly reports: Array<{ readonly report: ManualReport; readonly by: Actor }>;
  readonly stopped: Array<{ readonly incident: string; readonly request: StopRequest }>;
  readonly rejected: Array<{ readonly incident: string; readonly rejection: Rejection }>;
  readonly nudged: string[];
  readonly setUp: string[];
  readonly recorded: Array<{ readonly tool: string; readonly by: string; readonly result: string }>;
  readonly logged: Array<{ readonly facts: object; readonly message: string }>;
}

/** All three agents on a real local forge with a sandbox that runs nothing, served over HTTP on loopback. */
export interface AgentWorld {
  readonly world: ActivityWorld;
  readonly agents: Readonly<Record<AgentId, Agent>>;
  readonly did: Did;
  readonly url: (agent: AgentId) => string;
  readonly app: Express;
  /** A stock client. */
  client(agent: AgentId, token?: string): Promise<Client>;
}

const toEnd: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

export async function agentWorld(
  options: {
    readonly views?: ReadonlyMap<string, HealingView>;
    readonly reasoner?: Reasoner;
    /** Others in the place of the Reasoner's own. */
    readonly reasonerTools?: readonly AgentTool[];
    readonly perSecond?: number;
    /** Another in the place of the one that runs nothing. */
    readonly sandbox?: Pick<Sandbox, 'run'>;
    readonly beatMs?: number;
    readonly hosts?: readonly string[];
    readonly world?: Parameters<typeof activityWorld>[0];
  } = {},
): Promise<AgentWorld> {
  const world = await activityWorld(options.world);
  const did: Did = { reports: [], stopped: [], rejected: [], nudged: [], setUp: [], recorded: [], logged: [] };
  const views = options.views ?? new Map<string, HealingView>();
  const incidents = createIncidents(
    {
      list: async () =>
        [...views.values()].map((view) => ({
          healingId: view.healingId,
          runId: 'run',
          running: view.outcome === undefined,
          startedAt: NOW.toISOString(),
          state: view.state,
          outcome: view.outcome?.kind ?? '',
        })),
      view: async (id) => views.get(id) ?? null,
    },
    (ref) => world.deps.artifacts.get(ref),
  );
  const setUp = (name: string) => ({
    plan: async () => [`${name} would be registered`],
    apply: async () => {
      did.setUp.push(name);
      return [`${name} registered`];
    },
  });
  const reasoner = reasonerAgent(options.reasoner ?? createReasoner(strategies));
  const agents: Readonly<Record<AgentId, Agent>> = {
    monitor: monitorAgent({
      incidents,
      reports: {
        input: ManualReport,
        async send(report, by) {
          did.reports.push({ report: report as ManualReport, by });
          return { incident: healingId((report as ManualReport).repository, 'manual/test'), taken: true };
        },
      },
      ending: {
        async stop(incident, request) {
          did.stopped.push({ incident, request });
          return views.has(incident) ? { kind: 'applied', receipt: { accepted: true, state: 'ending' } } : { kind: 'not-found' };
        },
        async reject(incident, rejection) {
          did.rejected.push({ incident, rejection });
          return { kind: 'refused', reason: 'NotAnApprover', detail: `${rejection.actor.id} may not decide` };
        },
      },
      webhooks: setUp('webhooks'),
      monitors: setUp('monitors'),
    }),
    reasoner: { ...reasoner, tools: options.reasonerTools ?? reasoner.tools },
    executor: executorAgent({
      executor: createExecutor({ ...world.deps, sandbox: { ...world.deps.sandbox, ...options.sandbox } }, { concurrency: 2 }),
      incidents,
      nudge: async (incident, by) => did.nudged.push(`${incident} ${by.id}`) > 0,
      parseJob: (yaml) => parseSandboxJob(yaml, 'yaml'),
    }),
  };
  const log = (facts: object, message: string) => void did.logged.push({ facts, message });
  const app = createAgentApp(
    AGENT_IDS.map((id) => ({
      id,
      maxBytes: agents[id].maxBytes,
      server: (caller) =>
        createAgentServer(agents[id], {
          caller,
          redact: world.deps.redact,
          log: { info: log, error: log },
          record: async ({ tool, caller: by, result }) => void did.recorded.push({ tool, by: by.id, result }),
          version: '0',
          ...(options.beatMs === undefined ? {} : { beatMs: options.beatMs }),
        }),
    })),
    {
      bearer: bearersOf(config, [], { now: () => NOW, door: 'agents' }),
      hosts: options.hosts ?? [],
      perSecond: options.perSecond ?? 1_000,
      now: () => NOW,
      log: { warn: log, error: log },
    },
  );
  const server = createHttpServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toEnd.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const url = (agent: AgentId) => `http://127.0.0.1:${port}/mcp/${agent}`;
  return {
    world,
    agents,
    did,
    url,
    app,
    async client(agent, token = TOKENS.maintainer) {
      const client = new Client({ name: 'stock', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      await client.connect(
        new StreamableHTTPClientTransport(new URL(url(agent)), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
      );
      toEnd.push(() => client.close());
      return client;
    },
  };
}

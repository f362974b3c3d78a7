import { randomUUID } from 'node:crypto';
import type { McpServer } from '@modelcontextprotocol/server';
import type { Agent } from '../../agents/agent.ts';
import { reasonerAgent } from '../../agents/reasoner/server.ts';
import { createAgentServer } from '../../agents/server.ts';
import type { AgentId } from '../../domain/agent-id.ts';
import type { Actor } from '../../domain/signal.schema.ts';
import type { ServedAgent } from '../../http/agent-route.ts';
import { createReasoner } from '../../strategies/reasoner.ts';
import { strategies } from '../../strategies/registry.ts';
import { openExecutor } from './executor.ts';
import { openMonitor } from './monitor.ts';
import type { AgentLog, Served } from './served.ts';

/** As the package has it. */
const VERSION = '0.1.0';

/** The reasoner's server needs nothing of a Suture: no state, no secrets, no connection. */
export function reasonerServer(caller: Actor, log: AgentLog): McpServer {
  return createAgentServer(reasonerAgent(createReasoner(strategies)), {
    caller,
    log,
    redact: (text) => text,
    record: () => Promise.resolve(),
    version: VERSION,
  });
}

/** One agent of this Suture, ready to be served to callers. */
export function openAgent(id: AgentId, served: Served): ServedAgent {
  const agents: Readonly<Record<AgentId, () => Agent>> = {
    monitor: () => openMonitor(served),
    reasoner: () => reasonerAgent(createReasoner(strategies)),
    executor: () => openExecutor(served),
  };
  const agent = agents[id]();
  const { redact, log, audit } = served;
  return {
    id,
    maxBytes: agent.maxBytes,
    server: (caller) =>
      createAgentServer(agent, {
        caller,
        redact,
        log,
        version: VERSION,
        record: async ({ agent: name, tool, caller: by, result }) => {
          await audit.append({
            key: `agent-call/${randomUUID()}`,
            action: 'agent-call',
            actor: by.id,
            facts: { agent: name, tool, result },
          });
        },
      }),
  };
}

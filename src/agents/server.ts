import { McpServer, ResourceNotFoundError, ResourceTemplate, type ServerContext } from '@modelcontextprotocol/server';
import { Failure } from '../domain/failure.ts';
import type { Actor } from '../domain/signal.schema.ts';
import type { Agent, IncidentResource } from './agent.ts';
import { type AgentTool, type LeastTrust, type ToolCall, type ToolEffect } from './tool.ts';
import { toolError } from './tool-error.ts';

/** What a server needs beside its agent. */
export interface ServerSurroundings {
  /** Who calls. */
  readonly caller: Actor;
  readonly redact: (text: string) => string;
  /** `error` means a bug of ours. */
  readonly log: Record<'info' | 'error', (facts: object, message: string) => void>;
  /** Writes down a call that may change something. */
  readonly record: (call: {
    readonly agent: string;
    readonly tool: string;
    readonly caller: Actor;
    readonly result: string;
  }) => Promise<void>;
  readonly version: string;
  /** How often long work says that it goes on, in milliseconds; absent: 30 s. */
  readonly beatMs?: number;
}

const RANK: Readonly<Record<Actor['trust'], number>> = { outsider: 0, collaborator: 1, maintainer: 2, system: 2 };

/** Throws `Failure` code `not-permitted` where the caller is trusted less than the tool asks for. */
function permit(tool: AgentTool, caller: Actor): void {
  const words: Readonly<Record<LeastTrust, string>> = { outsider: 'anybody', collaborator: 'collaborators', maintainer: 'maintainers' };
  if (RANK[caller.trust] < RANK[tool.least])
    throw new Failure(
      'not-permitted',
      `${tool.name} is for ${words[tool.least]}; your token is one of ${caller.id}, trusted as ${caller.trust}`,
    );
}

const HINTS: Readonly<Record<ToolEffect, { readonly readOnlyHint: boolean; readonly destructiveHint: boolean }>> = {
  reads: { readOnlyHint: true, destructiveHint: false },
  adds: { readOnlyHint: false, destructiveHint: false },
  ends: { readOnlyHint: false, destructiveHint: true },
};

/** How often long work says that it goes on, in milliseconds: connections on which nothing comes are cut, by Node's own client after 300 s. */
const BEAT_MS = 30_000;

/** Tells whoever follows a call how far it is; nobody who did not ask for it. */
function progressOf(context: ServerContext): ToolCall['progress'] {
  const token = context.mcpReq._meta?.progressToken;
  let lines = 0;
  return (line) => {
    if (token === undefined) return;
    lines += 1;
    const params = { progressToken: token, progress: lines, message: line.slice(0, 500) };
    // Whoever followed may have gone; the work goes on or is ended by its signal.
    context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}

function addTool(server: McpServer, agent: Agent, tool: AgentTool, surroundings: ServerSurroundings): void {
  const { caller, redact, log, record } = surroundings;
  const written = (result: string) =>
    tool.effect === 'reads' ? Promise.resolve() : record({ agent: agent.id, tool: tool.name, caller, result });
  server.registerTool(
    tool.name,
    {
      title: tool.title,
      description: tool.description,
      inputSchema: tool.input,
      outputSchema: tool.output,
      annotations: { title: tool.title, ...HINTS[tool.effect], idempotentHint: tool.idempotent, openWorldHint: false },
    },
    async (input, context) => {
      const progress = progressOf(context);
      const beat = setInterval(() => progress('at work'), surroundings.beatMs ?? BEAT_MS);
      try {
        permit(tool, caller);
        const output = tool.output.parse(await tool.run(input, { caller, signal: context.mcpReq.signal, progress }));
        await written('done');
        return { content: [{ type: 'text', text: JSON.stringify(output) }], structuredContent: output };
      } catch (error) {
        if (!(error instanceof Failure)) log.error({ agent: agent.id, tool: tool.name, err: error }, 'a tool failed');
        const failure = error instanceof Failure ? error : new Failure('bug', 'an error of Suture itself; its log has more');
        await written(failure.code);
        return toolError(failure, redact);
      } finally {
        clearInterval(beat);
      }
    },
  );
}

const JSON_TYPE = 'application/json';
const addressOf = (incident: string, name: string): string => `suture://incident/${incident}/${name}`;

function addResource(server: McpServer, { name, title, description, schema, read, list }: IncidentResource): void {
  const template = new ResourceTemplate(addressOf('{+incident}', name), {
    list: async () => ({
      resources: (await list()).map((incident) => ({
        uri: addressOf(incident, name),
        name: `${name} of ${incident}`,
        title: `${title}: ${incident}`,
        mimeType: JSON_TYPE,
      })),
    }),
  });
  server.registerResource(name, template, { title, description, mimeType: JSON_TYPE }, async (uri, { incident }) => {
    const found = typeof incident === 'string' ? await read(incident) : null;
    if (found === null) throw new ResourceNotFoundError(uri.href);
    return { contents: [{ uri: uri.href, mimeType: JSON_TYPE, text: JSON.stringify(schema.parse(found)) }] };
  });
}

/** A server of one agent for one caller: one request over HTTP, one connection over stdio. */
export function createAgentServer(agent: Agent, surroundings: ServerSurroundings): McpServer {
  const server = new McpServer(
    { name: `suture-${agent.id}`, title: agent.title, version: surroundings.version },
    { instructions: agent.instructions },
  );
  for (const tool of agent.tools) addTool(server, agent, tool, surroundings);
  for (const resource of agent.resources) addResource(server, resource);
  return server;
}

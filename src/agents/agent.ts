import type { z } from 'zod';
import type { AgentId } from '../domain/agent-id.ts';
import type { AgentTool } from './tool.ts';

/** JSON about an incident that can be read by its address. */
export interface IncidentResource {
  /** Last part of `suture://incident/<id>/<name>`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly schema: z.ZodObject;
  /** Null where there is none (yet). */
  read(incident: string): Promise<object | null>;
  /** Ids of incidents that a list names, at most 100. */
  list(): Promise<readonly string[]>;
}

/** An agent as data: what it can do, and how it introduces itself. */
export interface Agent {
  readonly id: AgentId;
  readonly title: string;
  /** For the model behind a client: what this agent is for and what never to expect of it. */
  readonly instructions: string;
  readonly tools: readonly AgentTool[];
  readonly resources: readonly IncidentResource[];
  /** Largest request, in bytes. */
  readonly maxBytes: number;
}

import type { z } from 'zod';
import type { Actor } from '../domain/signal.schema.ts';

/** One call of a tool: by whom, and how it is ended or followed. */
export interface ToolCall {
  /** Who calls, as their token says; never a field of the call. */
  readonly caller: Actor;
  readonly signal: AbortSignal;
  /** One line for whoever follows the call. */
  readonly progress: (line: string) => void;
}

/** What a tool does to the world: looks, adds something, or ends something. */
export type ToolEffect = 'reads' | 'adds' | 'ends';

/** Least trust that a tool asks of its caller. */
export type LeastTrust = 'outsider' | 'collaborator' | 'maintainer';

/** One tool of an agent, typed in and out. */
export interface AgentTool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** For whoever chooses among tools: what it does, and what it never does. */
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly effect: ToolEffect;
  /** Whether the same call once more changes nothing more. */
  readonly idempotent: boolean;
  readonly least: LeastTrust;
  run(input: z.infer<Input>, call: ToolCall): Promise<z.infer<Output>>;
}

/** A tool as its agent keeps it: what it is run with was parsed by its own schema. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(tool: AgentTool<Input, Output>): AgentTool {
  return tool as unknown as AgentTool;
}

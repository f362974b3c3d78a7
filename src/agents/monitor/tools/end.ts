import { createHash } from 'node:crypto';
import { z } from 'zod';
import { IncidentId } from '../../../domain/incident-id.schema.ts';
import type { StopRequest } from '../../../domain/messages.ts';
import type { Actor } from '../../../domain/signal.schema.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { DecisionResult } from '../../../temporal/contract.ts';
import { defineTool } from '../../tool.ts';

/** A no to one change set. There is no yes here: nothing that speaks for an agent can carry one. */
export interface Rejection {
  readonly id: string;
  readonly changeSetHash: string;
  readonly actor: Actor;
  readonly comment: string;
}

/** How agents end what a healing does. */
export interface Ending {
  stop(incident: string, request: StopRequest): Promise<DecisionResult>;
  reject(incident: string, rejection: Rejection): Promise<DecisionResult>;
}

const Output = z.object({
  result: z.enum(['applied', 'stored', 'refused', 'not-found']).describe('`stored`: it takes effect as soon as a worker is there.'),
  detail: z.string(),
});

const WORDS: Readonly<Record<Exclude<DecisionResult['kind'], 'refused'>, string>> = {
  applied: 'done',
  stored: 'no worker answered in time; it is applied as soon as one does',
  'not-found': 'no such healing is under way',
};

const said = (result: DecisionResult): z.infer<typeof Output> => ({
  result: result.kind,
  detail: result.kind === 'refused' ? `${result.reason}: ${result.detail}` : WORDS[result.kind],
});

/** The same ask by the same caller is one, however often it is sent. */
function idOf(tool: string, caller: Actor, parts: readonly string[]): string {
  return `mcp-${createHash('sha256')
    .update(JSON.stringify([tool, caller.id, ...parts]))
    .digest('hex')
    .slice(0, 40)}`;
}

const why = z.string().min(1).max(300).describe('Why, for people and the record.');

/** Somebody takes an incident over: the healing ends and takes back what it began. */
export const takeOverTool = ({ stop }: Ending) =>
  defineTool({
    name: 'take_over',
    title: 'Take an incident over',
    description:
      'Says that you look after an incident from now on: its healing stops, takes back what it began (an open pull request, a claim) and ends as cancelled by you. It does not come back by itself; report the problem again to hand it back.',
    input: z.strictObject({ incident: IncidentId, why }),
    output: Output,
    effect: 'ends',
    idempotent: true,
    least: 'collaborator',
    run: async ({ incident, why: reason }, { caller }) =>
      said(
        await stop(incident, {
          id: idOf('take_over', caller, [incident, reason]),
          actor: caller,
          comment: oneLine(`taken over by ${caller.id}: ${reason}`, 400),
        }),
      ),
  });

/** Somebody says no to the change that a healing shows. */
export const rejectTool = ({ reject }: Ending) =>
  defineTool({
    name: 'reject',
    title: 'Reject a change',
    description:
      'Says no to the change that a healing shows and waits with; get_incident names its hash. Only who may decide about it is heard. There is no tool that says yes: approvals are given by people, elsewhere.',
    input: z.strictObject({
      incident: IncidentId,
      change_set_hash: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('Hash of the change that you saw.'),
      why,
    }),
    output: Output,
    effect: 'ends',
    idempotent: true,
    least: 'collaborator',
    run: async ({ incident, change_set_hash: changeSetHash, why: reason }, { caller }) =>
      said(
        await reject(incident, {
          id: idOf('reject', caller, [incident, changeSetHash]),
          changeSetHash,
          actor: caller,
          comment: oneLine(reason, 300),
        }),
      ),
  });

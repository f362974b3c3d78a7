import { z } from 'zod';
import { Diagnosis } from '../../domain/diagnosis.schema.ts';
import { type AgentPlace, connectAgent } from '../client.ts';
import type { Reasoner } from '../contract.ts';
import { ClimbOutput } from './climb.schema.ts';

const DiagnoseAnswer = z.object({ diagnosis: Diagnosis });
const ProposeAnswer = z.object({ climb: ClimbOutput });

/** A reasoner in another process: the same port, the same JSON, every answer checked again. `timeoutMs` bounds each question. */
export function remoteReasoner(place: AgentPlace, { timeoutMs }: { readonly timeoutMs: number }): Reasoner & { close(): Promise<void> } {
  const agent = connectAgent('reasoner', place);
  return {
    async diagnose(evidence) {
      return (await agent.call('diagnose', { evidence }, DiagnoseAnswer, { timeoutMs })).diagnosis;
    },
    async propose(context, asking) {
      const input = { context, ...(asking === undefined ? {} : { asking }) };
      return (await agent.call('propose_fix', input, ProposeAnswer, { timeoutMs })).climb;
    },
    close: () => agent.close(),
  };
}

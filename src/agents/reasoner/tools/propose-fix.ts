import { z } from 'zod';
import type { Reasoner } from '../../contract.ts';
import { defineTool } from '../../tool.ts';
import { ClimbOutput } from '../climb.schema.ts';
import { ContextInput } from '../context.schema.ts';

/** How a problem would be repaired, or what must be known first. */
export const proposeFixTool = (reasoner: Reasoner) =>
  defineTool({
    name: 'propose_fix',
    title: 'Propose a fix',
    description:
      'Proposes a repair as steps and never carries it out. It may answer instead with what it needs to know: a probe (is it red at a revision?), a trial (is it red with a change?), files to read, or a question for a model. Call it again with the answers in the context and `asking` naming the strategy that asked.',
    input: z.strictObject({
      context: ContextInput,
      asking: z.string().max(50).optional().describe('The strategy whose questions were answered in this context.'),
    }),
    output: z.object({ climb: ClimbOutput }),
    effect: 'reads',
    idempotent: true,
    least: 'outsider',
    run: async ({ context, asking }) => ({ climb: ClimbOutput.parse(await reasoner.propose(context, asking)) }),
  });

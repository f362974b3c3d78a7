import { z } from 'zod';
import { Diagnosis } from '../../../domain/diagnosis.schema.ts';
import type { Reasoner } from '../../contract.ts';
import { defineTool } from '../../tool.ts';
import { DiagnosisInput } from '../context.schema.ts';

/** Class and cause of a problem from its evidence. */
export const diagnoseTool = (reasoner: Reasoner) =>
  defineTool({
    name: 'diagnose',
    title: 'Diagnose a problem',
    description:
      'Says what class of failure a problem is and what caused it, from counted evidence: what changed since green, what tools complain about, what running it came to. Reads only what it is given.',
    input: z.strictObject({ evidence: DiagnosisInput }),
    output: z.object({ diagnosis: Diagnosis }),
    effect: 'reads',
    idempotent: true,
    least: 'outsider',
    run: async ({ evidence }) => ({ diagnosis: await reasoner.diagnose(evidence) }),
  });

import { z } from 'zod';
import type { Actor } from '../../../domain/signal.schema.ts';
import { defineTool } from '../../tool.ts';

/** What became of a report. */
export interface Reported {
  readonly incident: string;
  /** Whether a healing has it: one that ran or one that was begun; false where it only concerns a healing that runs, and none does. */
  readonly taken: boolean;
}

/** The door for reports: what they look like, and where they go. Handed in, so that every authenticated report is the same. */
export interface ReportDoor<Input extends z.ZodObject = z.ZodObject> {
  readonly input: Input;
  send(report: z.infer<Input>, by: Actor): Promise<Reported>;
}

/** Reports a problem: joins the healing of its subject or begins one. */
export const reportProblemTool = ({ input, send }: ReportDoor) =>
  defineTool({
    name: 'report_problem',
    title: 'Report a problem',
    description:
      'Reports that something is wrong (or right again) with a served repository: one healing per subject looks after it, and repeats join it. Name the failing check as the policy has it; a command cannot be sent. What an outsider reports is analysed only. Durable once answered, also without a worker.',
    input,
    output: z.object({
      incident: z.string().describe('Ask for it with get_incident.'),
      taken: z.boolean().describe('A healing has it; false: it only concerns a healing that runs, and none does.'),
    }),
    effect: 'adds',
    idempotent: true,
    least: 'outsider',
    run: async (report, { caller }) => ({ ...(await send(report, caller)) }),
  });

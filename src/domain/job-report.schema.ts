import { z } from 'zod';
import { FileChange } from './change-set.schema.ts';
import { TestReport } from './proof.schema.ts';

/** What a sandbox job came to, as data. A red step is a result. */
export const JobReport = z.object({
  passed: z.boolean().describe('Every step ended with exit code 0.'),
  steps: z
    .array(
      z.object({
        name: z.string().max(100),
        exitCode: z.number().int().nullable(),
        signal: z.string().max(20).nullable(),
        timedOut: z.boolean(),
        killedBy: z.enum(['timeout', 'memory', 'output', 'disk', 'processes', 'cancel']).nullable(),
        oomKilled: z.boolean(),
        outputTruncated: z.boolean(),
        durationMs: z.number().nonnegative(),
        output: z.string().describe('stdout and stderr, redacted; at most 1 MiB.'),
      }),
    )
    .max(60),
  report: TestReport.nullable().describe('The test report of the last step, where one was asked for and could be read.'),
  changes: z.array(FileChange).describe('What the steps changed, where that was asked for.'),
  refused: z.array(z.string()).describe('Changes that were refused on the way out.'),
  artifacts: z.record(z.string(), z.base64()).describe('Files that were asked for, by path, base64.'),
  isolation: z.string().max(500).describe('Which isolation was in force.'),
  peakMemoryBytes: z.number().nullable(),
  connections: z.array(
    z.object({
      endpoint: z.string().max(300),
      connections: z.number().int(),
      refused: z.number().int(),
      sentBytes: z.number().int(),
      receivedBytes: z.number().int(),
    }),
  ),
});
export type JobReport = z.infer<typeof JobReport>;

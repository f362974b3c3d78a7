import type { Readable } from 'node:stream';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { SandboxJob, StepResult } from '../contract.ts';
import { captureStep } from '../output.ts';

const Step = z.object({
  name: z.string(),
  exitCode: z.number().int().nullable(),
  reason: z.enum(['timeout', 'output']).nullable(),
  durationMs: z.number().nonnegative(),
  output: z.string(),
  full: z.boolean(),
  refused: z.boolean(),
  killed: z.boolean(),
});

/** What a run hands in before its tar. */
const Facts = z.object({ steps: z.array(Step).max(50), complete: z.boolean(), filled: z.string().optional() });
export type Facts = z.infer<typeof Facts>;

const MAX_HEAD = 64 * 1024 ** 2;

/** Takes a result apart: four bytes of length, facts as JSON, and the rest, which is a tar or nothing. Everything in it is the run's word. */
export async function readResult(stream: Readable): Promise<{ readonly facts: Facts; readonly rest: Readable }> {
  let head = Buffer.alloc(0);
  const more = async (bytes: number): Promise<void> => {
    while (head.length < bytes) {
      const part: Buffer | null = stream.read();
      if (part !== null) {
        head = Buffer.concat([head, part]);
      } else if (stream.readableEnded || stream.destroyed) {
        throw new Failure('sandbox-unavailable', 'the result of a run is cut short');
      } else {
        await new Promise<void>((resolve) => {
          const settle = (): void => {
            for (const event of ['readable', 'end', 'error', 'close']) stream.off(event, settle);
            resolve();
          };
          for (const event of ['readable', 'end', 'error', 'close']) stream.once(event, settle);
        });
      }
    }
  };
  await more(4);
  const length = head.readUInt32BE(0);
  if (length > MAX_HEAD) throw new Failure('sandbox-unavailable', 'the result of a run is no result');
  await more(4 + length);
  let said: unknown;
  try {
    said = JSON.parse(head.subarray(4, 4 + length).toString());
  } catch {
    said = null;
  }
  const facts = Facts.safeParse(said);
  if (!facts.success) throw new Failure('sandbox-unavailable', 'the result of a run is no result');
  if (head.length > 4 + length) stream.unshift(head.subarray(4 + length));
  return { facts: facts.data, rest: stream };
}

/** Steps as every sandbox reports them. */
export function stepsOf({ steps }: Facts, job: SandboxJob): StepResult[] {
  return steps.map(({ name, exitCode, reason, durationMs, output, full, refused, killed }) => {
    const captured = captureStep(job.limits.outputBytes);
    captured.add(Buffer.from(output, 'base64'));
    const { text, truncated } = captured.finish();
    const hit = exitCode === 0 ? null : killed ? 'memory' : refused ? 'processes' : full ? 'disk' : null;
    return {
      name,
      exitCode,
      signal: exitCode === null ? 'SIGKILL' : null,
      timedOut: reason === 'timeout',
      killedBy: reason === 'timeout' && hit === 'processes' ? hit : (reason ?? hit),
      oomKilled: killed,
      outputTruncated: truncated || reason === 'output',
      durationMs: Math.round(durationMs),
      output: text,
    };
  });
}
